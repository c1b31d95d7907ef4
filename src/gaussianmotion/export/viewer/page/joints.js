// Sliders that bend one joint at a time on top of the clip, and dots on the person to choose it by.

class Joints {
  constructor(names, player, changed) {
    Object.assign(this, { names, player, changed });
    this.panel = byId("joints");
    this.choice = byId("joint");
    this.sliders = [...this.panel.querySelectorAll("input[type=range]")];
    this.outputs = [...this.panel.querySelectorAll("output")];
    names.forEach((name, joint) => this.choice.append(new Option(name, joint)));
    this.dots = names.map((name, joint) => {
      const dot = document.createElement("button");
      Object.assign(dot, { type: "button", title: name, tabIndex: -1 });
      dot.addEventListener("click", () => this.select(joint));
      return dot;
    });
    byId("dots").append(...this.dots);
    this.choice.addEventListener("change", () => this.select(Number(this.choice.value)));
    for (const slider of this.sliders) {
      slider.addEventListener("input", () => {
        this.bend(this.joint, this.sliders.map((one) => Number(one.value)));
      });
    }
    byId("straighten").addEventListener("click", () => this.bend(this.joint, [0, 0, 0]));
    byId("straighten-all").addEventListener("click", () => this.resetAll());
    this.select(names.indexOf("left elbow"));
  }

  get open() {
    return !this.panel.hidden;
  }

  select(joint) {
    this.joint = joint;
    this.choice.value = joint;
    this.show();
  }

  /** Turn a joint by a rotation vector in degrees, after the clip has. */
  bend(joint, degrees) {
    if (degrees.some((value) => value !== 0)) this.player.bends.set(joint, degrees);
    else this.player.bends.delete(joint);
    this.show();
    this.changed();
  }

  resetAll() {
    this.player.bends.clear();
    this.show();
    this.changed();
  }

  show() {
    const degrees = this.player.bends.get(this.joint) || [0, 0, 0];
    this.sliders.forEach((slider, k) => {
      slider.value = degrees[k];
      this.outputs[k].value = `${Math.round(degrees[k])}°`;
    });
    this.dots.forEach((dot, joint) => {
      dot.classList.toggle("chosen", joint === this.joint);
      dot.classList.toggle("bent", this.player.bends.has(joint));
    });
    byId("straighten-all").disabled = this.player.bends.size === 0;
  }

  /** Put the dots where the joints are. */
  place(positions, camera, sharpness) {
    if (!this.open) return;
    this.dots.forEach((dot, j) => {
      const [x, y] = camera.project(positions[3 * j], positions[3 * j + 1], positions[3 * j + 2]);
      dot.style.transform = `translate(${x / sharpness}px, ${y / sharpness}px)`;
    });
  }
}
