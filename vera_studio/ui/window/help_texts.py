"""The Help menu's two texts."""

import html
import platform

import PySide6
from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

import vera_studio
from vera_studio.runs.fault_report import version_of
from vera_studio.ui.icons import icon
from vera_studio.ui.state.workspace import Devices
from vera_studio.ui.window.diagnostics import device_text

_STEPS = """<ol>
<li>Wait until the network and the images are open (a few seconds).</li>
<li>To teach the network things of your own, drop a folder of photographs on the window, with a
subfolder for each class, and accept what is proposed; go on with <b>Start</b>.</li>
<li>Under <b>Setup</b>, beside the rooms Images and Train, tick the classes to improve; <i>Weakest
three</i> is a good start.</li>
<li>Choose a <b>rank</b>. The panel shows how few numbers will be trained.</li>
<li>Press <b>Start</b> and watch loss and accuracy. Pause and Stop keep what was trained.</li>
<li><b>See Results</b> leads to the room <b>Understand</b>: gains, mistakes picture by picture under
<b>Evaluate</b>, every number under <b>Parameters</b>. <b>Adapters</b> keeps what you trained, to be
switched on and off, compared and combined; <b>Use</b> puts it to work and takes it elsewhere. Drop
an adapter's file on the window to put it on again.</li>
</ol>"""


def show_getting_started(parent: QWidget) -> None:
    """How to fine-tune in six steps."""
    _show(parent, "Getting started", "Fine-tuning in six steps", _STEPS)


def show_about(parent: QWidget, devices: Devices | None) -> None:
    """Versions, device, method and licences."""
    rows = (
        ("PyTorch", version_of("torch")),
        ("Qt", f"{qVersion()} (PySide6 {PySide6.__version__})"),
        ("Python", platform.python_version()),
        ("Device", device_text(devices)),
    )
    table = "".join(
        f"<tr><td>{name}&nbsp;&nbsp;</td><td>{html.escape(text)}</td></tr>" for name, text in rows
    )
    _show(
        parent,
        "About VeRA Studio",
        f"VeRA Studio {vera_studio.__version__}",
        "<p>Fine-tunes a pretrained image network by clicks, with vector-based random matrix "
        "adaptation (VeRA, Kopiczko et al., arXiv 2310.11454).</p>"
        f"<table style='margin-top:8px'>{table}</table>"
        "<p>VeRA Studio is free software under the MIT licence. Qt and PySide6 are used under the "
        "LGPL 3, PyTorch under a BSD licence; the README names all.</p>",
    )


def _show(parent: QWidget, title: str, headline: str, text: str) -> None:
    box = QMessageBox(parent)
    box.setObjectName("help_box")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setIconPixmap(icon("vera-studio").pixmap(64, 64))
    box.setText(headline)
    box.setInformativeText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Close)
    box.open()
