// What the fields for questions have in common.

/** Make a text field as high as its text. */
export function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

/** Whether a key press is an Enter that sends: not with Shift, and not one that ends an input method's word. */
export function isSending(event) {
  // Safari ends the composition first; there the press still has the code 229.
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}
