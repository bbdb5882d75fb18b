"""A search whose networks are trained by Lightning: pip install lightning."""

from pathlib import Path

import lightning
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import anenas


class Classifier(lightning.LightningModule):
    """Learns a network with AdamW; Lightning's callbacks, loggers and schedules are at hand here."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        """The loss of a batch of (pixels from 0 to 255, labels)."""
        images, labels = batch
        return F.cross_entropy(self.network(images.float()), labels)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """What makes the steps."""
        return torch.optim.AdamW(self.network.parameters(), lr=2e-3)


def train(network: torch.nn.Module, data: anenas.Dataset, epochs: float, folder: Path) -> None:
    """Train for so many passes; optimiser and step outlive a pause in `folder`."""
    images, labels = torch.from_numpy(data.train.inputs.copy()), torch.from_numpy(data.train.labels)
    batches = DataLoader(TensorDataset(images, labels), 64, shuffle=True, drop_last=len(labels) > 64)
    saved, done = folder / "last.ckpt", 0
    if saved.exists():
        done = torch.load(saved, weights_only=True)["global_step"]
    steps = done + max(1, round(epochs * len(batches)))
    trainer = lightning.Trainer(
        max_steps=steps, max_epochs=-1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder,
    )  # fmt: skip
    trainer.fit(Classifier(network), batches, ckpt_path=saved if saved.exists() else None)
    trainer.save_checkpoint(saved)


if __name__ == "__main__":
    result = anenas.run_search("mobile_cnn", train=train, input_shape=(1, 28, 28), epochs=1, trials=2, final="none")
    for model in result.front:
        print(f"{model.score:.0%} {model.latency_ms:.3f} ms {model.architecture}")
