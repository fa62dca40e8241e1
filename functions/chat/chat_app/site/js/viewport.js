// The phone's keyboard: where it lies over the page (iOS), the page is as high as what can still be seen.

const KEYBOARD = 120; // pixels; less than that is no keyboard

/** Keep the page within what can be seen. `onChange` is called after it has changed. */
export function followKeyboard(app, onChange) {
  const seen = window.visualViewport;
  if (!seen) return;
  const fit = () => {
    // Magnified by hand, one sees a part of the page on purpose.
    const covered = seen.scale > 1.01 ? 0 : window.innerHeight - seen.height;
    const keyboard = covered > KEYBOARD;
    app.classList.toggle("with-keyboard", keyboard);
    app.style.height = keyboard ? `${seen.height}px` : "";
    app.style.top = keyboard ? `${seen.offsetTop}px` : "";
    onChange();
  };
  seen.addEventListener("resize", fit);
  seen.addEventListener("scroll", fit);
}
