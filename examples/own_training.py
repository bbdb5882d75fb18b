"""A search whose networks are trained by a loop of your own."""

from pathlib import Path

import torch
from torch.nn import functional as F

import anenas


def train(network: torch.nn.Module, data: anenas.Dataset, epochs: float, folder: Path) -> None:
    """SGD with momentum, whose state outlives a pause in `folder`; batches are drawn with replacement."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=5e-4)
    if (saved := folder / "optimizer.pt").exists():
        optimizer.load_state_dict(torch.load(saved, weights_only=True))
    network.train()
    for _ in range(round(epochs * len(data.train) / 64)):
        chosen = torch.randint(len(data.train), (64,)).sort().values.numpy()
        images, labels = torch.from_numpy(data.train.inputs[chosen]), torch.from_numpy(data.train.labels[chosen])
        loss = F.cross_entropy(network(images.float()), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.save(optimizer.state_dict(), saved)


if __name__ == "__main__":
    result = anenas.run_search("mobile_cnn", train=train, input_shape=(1, 28, 28), epochs=1, trials=2, final="none")
    for model in result.front:
        print(f"{model.score:.0%} {model.latency_ms:.3f} ms {model.architecture}")
