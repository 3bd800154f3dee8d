from vera_studio.ui.widgets.elided_label import ElidedLabel


def test_a_long_text_needs_no_room_and_is_whole_in_the_tip(qtbot):
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("short")
    height = label.minimumSizeHint().height()
    text = "a name that is much longer than the room that there is for it"
    label.setText(text)
    assert label.minimumSizeHint().width() == 0
    assert label.minimumSizeHint().height() == height
    assert (label.text(), label.toolTip()) == (text, text)


def test_what_does_not_fit_is_left_out_of_the_drawing(qtbot):
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.setText("wwwwwwwwwwww one end")
    one = label.grab().toImage()
    label.setText("wwwwwwwwwwww another end")
    assert label.grab().toImage() == one
    label.setText("www")
    assert label.grab().toImage() != one
