// Points and cuboids on a canvas by WebGL, in four views: round (from anywhere), top, and side and front of one cuboid.
const POINTS = "attribute vec3 place; attribute float shine; uniform mat4 see; uniform vec3 low, high; uniform float size; varying vec3 tint;"
  + "void main() { gl_Position = see * vec4(place, 1.0); gl_PointSize = size; float up = clamp((place.z - low.z) / (high.z - low.z), 0.0, 1.0);"
  + "tint = mix(mix(vec3(.25, .45, .9), vec3(.3, .85, .6), min(1.0, up * 2.0)), vec3(1.0, .85, .3), max(0.0, up * 2.0 - 1.0)) * (.65 + .35 * shine); }";
const LINES = "attribute vec3 place; uniform mat4 see; void main() { gl_Position = see * vec4(place, 1.0); }";
const TINT = "precision mediump float; varying vec3 tint; void main() { gl_FragColor = vec4(tint, 1.0); }";
const PLAIN = "precision mediump float; uniform vec3 colour; void main() { gl_FragColor = vec4(colour, 1.0); }";
const COLOURS = [[1, .82, .25], [.3, .79, .94], [1, .56, .64], [.5, .93, .6], [1, .69, .4], [.78, .71, 1], [.95, .98, .93], [1, .44, .94]];
const EDGES = [0, 1, 1, 2, 2, 3, 3, 0, 4, 5, 5, 6, 6, 7, 7, 4, 0, 4, 1, 5, 2, 6, 3, 7];
const GROUND = 1.5, NEAR = 3; // metres round a place in which its ground is looked for; shown beside a cuboid

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const less = (a, b) => a.map((part, at) => part - b[at]);
const unit = (a) => a.map((part) => part / Math.hypot(...a));
const times = (a, b) => Array.from({ length: 16 }, (_, at) => [0, 1, 2, 3].reduce((sum, k) => sum + a[k * 4 + at % 4] * b[(at >> 2) * 4 + k], 0));

function looking(eye, at, up) {
  const z = unit(less(eye, at)), x = unit(cross(up, z)), y = cross(z, x);
  return [x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, -dot(x, eye), -dot(y, eye), -dot(z, eye), 1];
}
const deep = (width, height) => { const f = 1.7; return [f * height / width, 0, 0, 0, 0, f, 0, 0, 0, 0, -1.001, -1, 0, 0, -.2, 0]; };
const flat = (width, height, near, far) => [2 / width, 0, 0, 0, 0, 2 / height, 0, 0, 0, 0, -2 / (far - near), 0, 0, 0, -(far + near) / (far - near), 1];

function corners({ center: [x, y, z], size: [l, w, h], yaw }) {
  const c = Math.cos(yaw), s = Math.sin(yaw);
  return [-1, 1].flatMap((up) => [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([a, b]) => {
    const [dx, dy] = [a * l / 2, b * w / 2];
    return [x + dx * c - dy * s, y + dx * s + dy * c, z + up * h / 2];
  }));
}
function lines(one, chosen) {
  const found = corners(one), drawn = EDGES.map((at) => found[at]), [x, y, z] = one.center, c = Math.cos(one.yaw), s = Math.sin(one.yaw);
  if (chosen) drawn.push([x + one.size[0] / 2 * c, y + one.size[0] / 2 * s, z], [x + (one.size[0] / 2 + 1) * c, y + (one.size[0] / 2 + 1) * s, z]);
  return new Float32Array(drawn.flat());
}

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]].forEach(([kind, text]) => {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  });
  gl.linkProgram(made);
  return made;
}

export function scene(canvas, clouds, redraw) {
  const gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
  const dots = program(gl, POINTS, TINT), strokes = program(gl, LINES, PLAIN), buffer = gl.createBuffer(), shineBuffer = gl.createBuffer(), line = gl.createBuffer();
  const eye = { at: [8, 0, -1], far: 35, yaw: Math.PI, pitch: .5 }, top = { at: [15, 0], tall: 60 };
  let count = 0, places = new Float32Array(), facts = clouds[0], shown, metres = 6;

  async function open(number) {
    facts = clouds[number];
    canvas.setAttribute("aria-busy", "true");
    const bytes = await (await fetch(facts.address)).arrayBuffer(), steps = new Int16Array(bytes, 0, facts.points * 3), shine = new Uint8Array(bytes, facts.points * 6);
    if (facts !== clouds[number]) return;
    places = new Float32Array(steps.length);
    for (let at = 0; at < steps.length; at += 1) places[at] = steps[at] * facts.scale + facts.centre[at % 3];
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, shineBuffer);
    gl.bufferData(gl.ARRAY_BUFFER, shine, gl.STATIC_DRAW);
    count = facts.points;
    canvas.removeAttribute("aria-busy");
    redraw();
  }

  // Left two thirds: round above top. Right third: side above front of the chosen cuboid.
  function views() {
    const { clientWidth: w, clientHeight: h } = canvas, left = Math.round(w * .66), half = Math.round(h / 2);
    return { round: [0, 0, left, half], top: [0, half, left, h - half], side: [left, 0, w - left, half], front: [left, half, w - left, h - half] };
  }
  function seeing(name, [, , w, h]) {
    if (name === "round") {
      const { at, far, yaw, pitch } = eye, flatly = Math.cos(pitch) * far;
      return times(deep(w, h), looking([at[0] + Math.cos(yaw) * flatly, at[1] + Math.sin(yaw) * flatly, at[2] + Math.sin(pitch) * far], at, [0, 0, 1]));
    }
    if (name === "top") return times(flat(top.tall * w / h, top.tall, 0, 2000), looking([...top.at, 1000], [...top.at, 0], [1, 0, 0]));
    const { center, size, yaw } = shown, reach = Math.max(size[name === "side" ? 1 : 0] / 2, .5) + NEAR, direction = name === "side" ? yaw - Math.PI / 2 : yaw + Math.PI;
    const from = [center[0] + Math.cos(direction) * reach, center[1] + Math.sin(direction) * reach, center[2]];
    metres = Math.max(...size) * 1.6;
    return times(flat(metres, metres * h / w, 0, reach * 2), looking(from, center, [0, 0, 1]));
  }

  function stroke(see, points, colour, how) {
    gl.useProgram(strokes);
    gl.bindBuffer(gl.ARRAY_BUFFER, line);
    gl.bufferData(gl.ARRAY_BUFFER, points, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(strokes, "place");
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    gl.uniformMatrix4fv(gl.getUniformLocation(strokes, "see"), false, see);
    gl.uniform3fv(gl.getUniformLocation(strokes, "colour"), colour);
    gl.drawArrays(how, 0, points.length / 3);
  }
  function dotted(see, size) {
    gl.useProgram(dots);
    [["place", buffer, 3, gl.FLOAT, false], ["shine", shineBuffer, 1, gl.UNSIGNED_BYTE, true]].forEach(([name, from, parts, kind, whole]) => {
      const at = gl.getAttribLocation(dots, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, from);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, parts, kind, whole, 0, 0);
    });
    gl.uniformMatrix4fv(gl.getUniformLocation(dots, "see"), false, see);
    gl.uniform3fv(gl.getUniformLocation(dots, "low"), [0, 0, Math.max(facts.low[2], -3)]);
    gl.uniform3fv(gl.getUniformLocation(dots, "high"), [0, 0, Math.min(facts.high[2], 2.5)]);
    gl.uniform1f(gl.getUniformLocation(dots, "size"), size);
    gl.drawArrays(gl.POINTS, 0, count);
  }
  function draw(cuboids, chosen, labels) {
    const scale = devicePixelRatio || 1, high = canvas.clientHeight;
    shown = chosen && cuboids.includes(chosen) ? chosen : null;
    canvas.width = canvas.clientWidth * scale;
    canvas.height = high * scale;
    gl.enable(gl.SCISSOR_TEST);
    gl.enable(gl.DEPTH_TEST);
    for (const [name, box] of Object.entries(views())) {
      const [x, y, w, h] = box.map((part) => Math.round(part * scale)), low = canvas.height - y - h;
      gl.viewport(x, low, w, h);
      gl.scissor(x, low, w - 2, h - 2);
      gl.clearColor(.06, .08, .1, 1);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      if (!shown && (name === "side" || name === "front")) continue;
      const see = seeing(name, box);
      if (count) dotted(see, (name === "side" || name === "front" ? 3 : 1.6) * scale);
      cuboids.forEach((one) => {
        const colour = one === shown ? [1, 1, 1] : COLOURS[Math.max(0, labels.indexOf(one.label)) % 8];
        stroke(see, lines(one, one === shown), colour, gl.LINES);
      });
    }
  }

  // Where a pointer is: its view, and there x and y of the world (top) or u and v from the middle of the chosen cuboid.
  function at(event, held) {
    const box = canvas.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top, all = views();
    const name = held ?? Object.keys(all).find((one) => { const [x, y, w, h] = all[one]; return px >= x && px < x + w && py >= y && py < y + h; });
    if (!name || (!shown && (name === "side" || name === "front"))) return null;
    const [x, y, w, h] = all[name], right = (px - x - w / 2), up = -(py - y - h / 2);
    if (name === "top") { const metre = top.tall / h; return { name, metre, x: top.at[0] + up * metre, y: top.at[1] - right * metre }; }
    const metre = metres / w;
    return { name, metre, u: (name === "side" ? right : -right) * metre, v: up * metre };
  }
  function pan(name, dx, dy) {
    if (name !== "top") return;
    const metre = top.tall / views().top[3];
    top.at = [top.at[0] + dy * metre, top.at[1] + dx * metre];
    redraw();
  }
  function turn(dx, dy, shift) {
    if (shift) {
      const by = eye.far / 600;
      eye.at = [eye.at[0] + (Math.sin(eye.yaw) * dx - Math.cos(eye.yaw) * dy) * by, eye.at[1] + (-Math.cos(eye.yaw) * dx - Math.sin(eye.yaw) * dy) * by, eye.at[2]];
    } else {
      eye.yaw -= dx / 200;
      eye.pitch = Math.min(1.5, Math.max(.02, eye.pitch + dy / 200));
    }
    redraw();
  }
  function zoom(event) {
    const by = Math.exp(event.deltaY / 600);
    if (at(event)?.name === "top") top.tall = Math.min(300, Math.max(4, top.tall * by));
    else eye.far = Math.min(200, Math.max(3, eye.far * by));
    redraw();
  }
  function ground(x, y) {
    let least = Infinity;
    for (let p = 0; p < places.length; p += 3) {
      if (Math.abs(places[p] - x) < GROUND && Math.abs(places[p + 1] - y) < GROUND && places[p + 2] < least) least = places[p + 2];
    }
    return least === Infinity ? Math.max(facts.low[2], -1.7) : least;
  }
  function look(center) {
    eye.at = [...center];
    eye.far = Math.min(eye.far, 18);
    top.at = [center[0], center[1]];
    top.tall = Math.min(top.tall, 30);
  }
  new ResizeObserver(redraw).observe(canvas);
  open(0);
  return { draw, at, pan, turn, zoom, ground, look, open, middle: () => top.at };
}
