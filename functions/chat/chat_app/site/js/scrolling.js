// Staying at the end while an answer grows, unless the visitor has scrolled away from it.

const NEAR = 48; // pixels

export class Scrolling {
  #scroller;
  #button;
  #following = true;

  constructor(scroller, button) {
    this.#scroller = scroller;
    this.#button = button;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.follow()).observe(scroller);
  }

  /** Go to the end, and stay there. */
  toEnd() {
    this.#following = true;
    this.follow();
  }

  /** After the content has changed: to the end, if that is where the visitor was. */
  follow() {
    if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else this.#look();
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#following = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#button.hidden = this.#following;
  }
}
