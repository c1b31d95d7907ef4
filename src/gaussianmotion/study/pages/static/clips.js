"use strict";
// Clips: videos, or views around an avatar that are leafed through. Both take a share of their length.

const VIEWS_SECONDS = 4;

function videoClip(figure) {
  const video = figure.querySelector("video");
  return {
    ready: () => video.readyState >= 2,
    share: () => (video.duration ? video.currentTime / video.duration : 0),
    show: (share) => { if (video.duration) video.currentTime = share * video.duration * 0.999; },
    start: () => video.play().catch((error) => { if (error.name === "NotAllowedError") forbidden(); }),
    stop: () => video.pause(),
    ended: () => video.ended,
    seconds: () => video.duration || 0,
    media: [video],
  };
}

function viewsClip(figure) {
  const images = [...figure.querySelectorAll("img")];
  let share = 0, running = false, last = 0;
  const show = (value) => {
    share = value;
    const index = Math.min(images.length - 1, Math.floor(share * images.length));
    images.forEach((image, place) => { image.hidden = place !== index; });
  };
  const tick = (now) => {
    if (!running) return;
    show(Math.min(1, share + (now - last) / 1000 / VIEWS_SECONDS));
    last = now;
    requestAnimationFrame(tick);
  };
  return {
    ready: () => images.every((image) => image.complete && image.naturalWidth > 0),
    share: () => share,
    show,
    start: () => { if (!running) { running = true; last = performance.now(); requestAnimationFrame(tick); } },
    stop: () => { running = false; },
    ended: () => share >= 1,
    seconds: () => VIEWS_SECONDS,
    media: images,
  };
}
