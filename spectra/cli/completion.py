"""``spectra completion``: what a shell needs to complete our commands with the Tab key."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

INSTALL = {
    "bash": "spectra completion bash > ~/.spectra-completion.bash && echo '. ~/.spectra-completion.bash' >> ~/.bashrc",
    "zsh": "spectra completion zsh > ~/.spectra-completion.zsh && echo '. ~/.spectra-completion.zsh' >> ~/.zshrc",
    "fish": "spectra completion fish > ~/.config/fish/completions/spectra.fish",
}


@click.command(
    epilog="""\b
Examples:
  spectra completion bash
  spectra completion fish > ~/.config/fish/completions/spectra.fish"""
)
@click.argument("shell", type=click.Choice(list(INSTALL)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL; its first line says how to install it."""
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, "spectra", "_SPECTRA_COMPLETE").source()
    click.echo(f"# Install: {INSTALL[shell]}\n{script.strip()}")
