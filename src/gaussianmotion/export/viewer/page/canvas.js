// Drawing with WebGL2: Gaussians into a picture of half floats, then that over the background.

const PER_ROW = 512; // Gaussians in a row of the texture

class Canvas {
  /** Null where the browser has no WebGL2. */
  static on(element, scene, gaussians) {
    const gl = element.getContext("webgl2", { antialias: false, depth: false, alpha: true });
    return gl ? new Canvas(gl, element, scene, gaussians) : null;
  }

  constructor(gl, element, scene, gaussians) {
    Object.assign(this, { gl, element, splat: scene.splat, gaussians });
    // Eight bits would round each of the many faint layers.
    this.deep = Boolean(
      gl.getExtension("EXT_color_buffer_float") || gl.getExtension("EXT_color_buffer_half_float"),
    );
    this.splats = program(gl, SPLAT_VERTEX, SPLAT_FRAGMENT);
    this.scene = program(gl, SCENE_VERTEX, SCENE_FRAGMENT);
    const rows = Math.ceil(gaussians.count / PER_ROW);
    const padded = new Uint32Array(rows * PER_ROW * WORDS);
    padded.set(gaussians.words);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    plainTexture(gl);
    gl.texImage2D(
      gl.TEXTURE_2D, 0, gl.RGBA32UI, 3 * PER_ROW, rows, 0, gl.RGBA_INTEGER, gl.UNSIGNED_INT, padded,
    );
    gl.activeTexture(gl.TEXTURE1);
    this.picture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.picture);
    plainTexture(gl);
    this.frame = gl.createFramebuffer();
    this.corners = gl.createVertexArray();
    gl.bindVertexArray(this.corners);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, 4 * gaussians.count, gl.STREAM_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribIPointer(0, 1, gl.UNSIGNED_INT, 0, 0);
    gl.vertexAttribDivisor(0, 1);
    this.nothing = gl.createVertexArray();
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DITHER);
    this.uniforms();
  }

  /** What stays the same in all frames. */
  uniforms() {
    const { gl, splat, gaussians } = this;
    const at = this.splats.at;
    gl.useProgram(this.splats.program);
    gl.uniform1i(at.records, 0);
    gl.uniform3fv(at.low, gaussians.low);
    gl.uniform3fv(at.span, gaussians.high.map((high, k) => high - gaussians.low[k]));
    const [least, most] = gaussians.logScales;
    gl.uniform2f(at.logScales, least, most - least);
    gl.uniform1f(at.trainedPixel, gaussians.trainedPixel);
    gl.uniform1f(at.eps2d, splat.eps2d);
    gl.uniform1f(at.nearest, splat.near);
    gl.uniform1f(at.alphaMin, splat.alphaMin);
    gl.uniform1f(at.alphaMax, splat.alphaMax);
    gl.uniform1f(at.extent, splat.extent);
    gl.uniform1f(at.frustumMargin, splat.frustumMargin);
    gl.uniform1i(at.compensate, splat.compensate ? 1 : 0);
    gl.useProgram(this.scene.program);
    gl.uniform1i(this.scene.at.splats, 1);
  }

  resize(width, height) {
    const { gl, element } = this;
    if (this.width === width && this.height === height) return;
    [element.width, element.height] = [this.width, this.height] = [width, height];
    gl.activeTexture(gl.TEXTURE1);
    const [inside, type] = this.deep ? [gl.RGBA16F, gl.HALF_FLOAT] : [gl.RGBA8, gl.UNSIGNED_BYTE];
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, gl.RGBA, type, null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(
      gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.picture, 0,
    );
    if (this.deep && gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) {
      [this.deep, this.width] = [false, 0];
      this.resize(width, height);
    }
  }

  /**
   * Draw one frame.
   * @param skeleton Posed.
   * @param order Sorted for the same pose and camera.
   * @param camera Its view (12 numbers), focal, centre and size in pixels.
   * @param look pixel (metres, at the person), widening (variance in pixels that splats lack in a
   *   picture sharper than those of the training), background (RGB and opacity), ground (height or
   *   null).
   */
  draw(skeleton, order, camera, look) {
    const { gl, gaussians } = this;
    this.resize(...camera.size);
    gl.viewport(0, 0, this.width, this.height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.splats.program);
    this.lens(this.splats.at, camera);
    gl.uniform4fv(this.splats.at.joints, skeleton.transforms);
    gl.uniform1f(this.splats.at.pixel, look.pixel);
    gl.uniform1f(this.splats.at.widening, look.widening);
    gl.bindVertexArray(this.corners);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, order.indices);
    gl.enable(gl.BLEND);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, gaussians.count);
    gl.disable(gl.BLEND);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.useProgram(this.scene.program);
    const at = this.scene.at;
    this.lens(at, camera);
    gl.uniform4fv(at.background, look.background);
    gl.uniform1i(at.ground, look.ground === null ? 0 : 1);
    if (look.ground !== null) this.floor(at, skeleton.joints, look);
    gl.bindVertexArray(this.nothing);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  lens(at, camera) {
    const { gl } = this;
    gl.uniform4fv(at.view, camera.view);
    gl.uniform2fv(at.focal, camera.focal);
    gl.uniform2fv(at.centre, camera.centre);
    gl.uniform2fv(at.size, camera.size);
  }

  floor(at, joints, look) {
    const { gl } = this;
    const middle = [0, 0];
    for (let j = 0; j < joints.length; j += 3) {
      middle[0] += (3 * joints[j]) / joints.length;
      middle[1] += (3 * joints[j + 2]) / joints.length;
    }
    gl.uniform1f(at.floorHeight, look.ground);
    gl.uniform3fv(at.bones, joints);
    gl.uniform2fv(at.middle, middle);
    // On a dark background lines are seen where they are lighter.
    gl.uniform1f(at.lines, luminance(look.background) < 0.3 ? -0.7 : 0.1);
  }
}

function luminance(rgb) {
  return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
}

function plainTexture(gl) {
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  }
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  }
}

/** A linked program and where its uniforms are. */
function program(gl, vertex, fragment) {
  const linked = gl.createProgram();
  for (const [type, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(linked, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getShaderInfoLog(shader));
    }
  }
  gl.linkProgram(linked);
  if (!gl.getProgramParameter(linked, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getProgramInfoLog(linked));
  }
  const at = {};
  const count = gl.getProgramParameter(linked, gl.ACTIVE_UNIFORMS);
  for (let i = 0; i < count; i++) {
    const name = gl.getActiveUniform(linked, i).name;
    at[name.replace("[0]", "")] = gl.getUniformLocation(linked, name);
  }
  return { program: linked, at };
}
