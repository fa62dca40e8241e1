// Staying at the end while an answer grows, unless the visitor has scrolled away from it.

const NEAR = 48; // pixels

export class Scrolling {
  #scroller;
  #button;
  #following = true;
  #resting = false;

  constructor(scroller, button) {
    this.#scroller = scroller;
    this.#button = button;
    scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    button.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.follow()).observe(scroller);
  }

  /** Go to the beginning: nothing grows here that one would want to follow. */
  toStart() {
    this.#resting = true;
    this.#scroller.scrollTop = 0;
    this.#button.hidden = true;
  }

  /** Go to the end, and stay there. */
  toEnd() {
    this.#resting = false;
    this.#following = true;
    this.follow();
  }

  /** After the content has changed: to the end, if that is where the visitor was. */
  follow() {
    if (this.#resting) return;
    if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else this.#look();
  }

  #look() {
    if (this.#resting) return;
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#following = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#button.hidden = this.#following;
  }
}
