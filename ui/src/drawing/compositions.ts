/** The dozen pictures that posters are made of, in the spirit of mid-century print. Each fills a box of 120 x 104. */
import type { Palette } from "./palettes.ts";
import type { Random } from "./seed.ts";

export type Attributes = Record<string, string | number>;
/** An SVG element: tag and attributes. Only what these names allow can be drawn. */
export type Shape = readonly ["rect" | "circle" | "ellipse" | "path", Attributes];

export const WIDTH = 120;
export const HEIGHT = 104;

type Composition = (random: Random, palette: Palette) => Shape[];

const rect = (x: number, y: number, width: number, height: number, fill: string): Shape => [
  "rect",
  { x, y, width, height, fill },
];
const disc = (cx: number, cy: number, r: number, fill: string): Shape => ["circle", { cx, cy, r, fill }];
const path = (d: string, fill: string): Shape => ["path", { d, fill }];
const line = (d: string, stroke: string, width: number): Shape => [
  "path",
  { d, stroke, "stroke-width": width, fill: "none" },
];

/** A planet, its rings and its moons. */
const orbits: Composition = (random, { inks: [first, second, third] }) => {
  const x = random.between(48, 72);
  const y = random.between(46, 58);
  const tilt = random.between(-32, 32);
  const size = random.between(14, 20);
  const shapes: Shape[] = [];
  for (let ring = 0; ring < 3; ring += 1) {
    const rx = size + 14 + ring * 16;
    shapes.push([
      "ellipse",
      {
        cx: x,
        cy: y,
        rx,
        ry: rx * 0.42,
        fill: "none",
        stroke: second,
        "stroke-width": 1.5,
        transform: `rotate(${tilt} ${x} ${y})`,
      },
    ]);
    const angle = random.between(0, 628) / 100;
    const turn = (tilt * Math.PI) / 180;
    const [a, b] = [rx * Math.cos(angle), rx * 0.42 * Math.sin(angle)];
    shapes.push(
      disc(
        Math.round(x + a * Math.cos(turn) - b * Math.sin(turn)),
        Math.round(y + a * Math.sin(turn) + b * Math.cos(turn)),
        4 - ring * 0.5,
        ring === 1 ? first : third,
      ),
    );
  }
  shapes.push(disc(x, y, size, first), path(`M${x} ${y - size}a${size} ${size} 0 0 1 0 ${size * 2}z`, third));
  for (let star = 0; star < 9; star += 1)
    shapes.push(disc(random.between(4, 116), random.between(4, 100), 0.75, third));
  return shapes;
};

/** Light from a door that stands open, and somebody in it. */
const doorway: Composition = (random, { ground, inks: [first, second, third] }) => {
  const x = random.between(38, 66);
  const wide = random.between(16, 22);
  const lean = random.between(-14, 14);
  const foot = 64;
  const middle = x + wide / 2;
  return [
    rect(0, 0, WIDTH, foot, third),
    path(`M${x} ${foot}h${wide}l${26 + lean} 40H${x - 26 + lean}z`, second),
    rect(x, 14, wide, 50, first),
    disc(middle, 38, 2.5, ground),
    path(`M${middle - 3} 42h6l1 12-2 10h-4l-2-10z`, ground),
    path(`M${middle - 2} 64h4l${8 + lean / 2} 34h-10z`, ground),
  ];
};

/** A road to a point under a low sun. */
const road: Composition = (random, { ground, inks: [first, second, third] }) => {
  const x = random.between(42, 78);
  const horizon = random.between(46, 56);
  const sun = random.between(14, 20);
  const shapes = [
    disc(x + random.between(-18, 18), horizon - random.between(0, 10), sun, first),
    path(`M0 ${horizon - 6}l22-12 16 10 14-8 24 12 20-9 24 12v14H0z`, third),
    rect(0, horizon, WIDTH, HEIGHT - horizon, second),
    path(`M${x - 1} ${horizon}h2L102 104H18z`, ground),
  ];
  for (const [near, far] of [
    [0.1, 0.22],
    [0.34, 0.52],
    [0.68, 1],
  ] as const) {
    const at = (share: number) => [
      Math.round(x + (60 - x) * share),
      Math.round(horizon + (HEIGHT - horizon) * share),
      share * 3 + 0.5,
    ];
    const [x1 = 0, y1 = 0, w1 = 0] = at(near);
    const [x2 = 0, y2 = 0, w2 = 0] = at(far);
    shapes.push(path(`M${x1 - w1 / 2} ${y1}h${w1}L${x2 + w2 / 2} ${y2}h${-w2}z`, first));
  }
  return shapes;
};

/** A street lamp's light through venetian blinds, and who stands in it. */
const blinds: Composition = (random, { ground, inks: [first, second, third] }) => {
  const slope = random.between(-12, 12);
  const x = random.between(44, 78);
  const shapes: Shape[] = [rect(0, 0, WIDTH, HEIGHT, second), disc(x, 40, 30, first)];
  shapes.push(
    path(`M${x - 13} 104V72q0-12 13-12t13 12v32z`, third),
    disc(x, 50, 9, third),
    path(`M${x - 16} 45h32l-6-4-3-9h-14l-3 9z`, third),
  );
  for (let y = -8; y < HEIGHT + 10; y += 11) shapes.push(path(`M0 ${y}l120 ${slope}v6L0 ${y + 6}z`, ground));
  return shapes;
};

/** A single eye. */
const eye: Composition = (random, { ground, inks: [first, second, third] }) => {
  const look = random.between(-9, 9);
  const y = 52;
  const shapes: Shape[] = [];
  const rays = random.of([9, 11, 13]);
  for (let ray = 0; ray < rays; ray += 1) {
    const angle = (ray / rays) * Math.PI * 2 + 0.2;
    const at = (turn: number) =>
      `${Math.round(60 + 90 * Math.cos(turn))} ${Math.round(y + 90 * Math.sin(turn))}`;
    shapes.push(path(`M60 ${y}L${at(angle)}L${at(angle + 0.2)}z`, second));
  }
  shapes.push(
    path(`M8 ${y}q52-50 104 0q-52 50-104 0z`, third),
    disc(60 + look, y, 21, first),
    disc(60 + look, y, 10, ground),
    disc(56 + look, y - 5, 3, third),
  );
  return shapes;
};

/** A maze with one way in. */
const maze: Composition = (random, { inks: [first, second, third] }) => {
  const shapes: Shape[] = [rect(10, 2, 100, 100, second)];
  for (let ring = 0; ring < 5; ring += 1) {
    const inset = 16 + ring * 9;
    const side = 120 - inset * 2;
    const top = inset - 8;
    const gap = random.between(2, Math.max(2, side - 12));
    // Each wall is one line around the middle that leaves a gap on a side of its own.
    const walls = [
      `M${inset + gap + 10} ${top}H${inset + side}V${top + side}H${inset}V${top}H${inset + gap}`,
      `M${inset + side} ${top + gap + 10}V${top + side}H${inset}V${top}H${inset + side}V${top + gap}`,
      `M${inset + gap} ${top + side}H${inset}V${top}H${inset + side}V${top + side}H${inset + gap + 10}`,
    ];
    shapes.push(line(random.of(walls), third, 3));
  }
  shapes.push(disc(60, 52, 5, first));
  return shapes;
};

/** A great disc behind layers of land or sea. */
const horizon: Composition = (random, { ground, inks: [first, second, third] }) => {
  const x = random.between(34, 86);
  const size = random.between(22, 30);
  const level = random.between(56, 66);
  const tall = random.between(8, 16);
  return [
    disc(x, level - size / 2, size, first),
    path(`M0 ${level}q30-${tall} 60 0t60 0V104H0z`, second),
    path(`M0 ${level + 17}q24 ${tall} 52 0t68-2V104H0z`, third),
    path(`M0 ${level + 33}q40-${tall} 70 0t50 2V104H0z`, random.of([first, ground])),
  ];
};

/** A staircase, and the one who climbs it. */
const stairs: Composition = (random, { ground, inks: [first, second, third] }) => {
  const steps = random.of([6, 7, 8]);
  const isLeft = random() < 0.5;
  const tread = WIDTH / steps;
  const rise = 84 / steps;
  const x = (at: number) => (isLeft ? at : WIDTH - at);
  let d = `M${x(0)} 104`;
  for (let step = 0; step < steps; step += 1) {
    const y = Math.round(96 - step * rise);
    d += `L${x(Math.round(step * tread))} ${y}L${x(Math.round((step + 1) * tread))} ${y}`;
  }
  const on = random.of([2, 3, 4]);
  const px = x(Math.round((on + 0.5) * tread));
  const py = Math.round(96 - on * rise);
  return [
    disc(x(random.between(70, 100)), random.between(16, 26), random.between(9, 15), first),
    path(`${d}L${x(120)} 104z`, second),
    path(`M${px} ${py}L${x(0)} 104h${isLeft ? 22 : -22}z`, ground),
    path(`M${px - 4} ${py}l1-16q3-4 6 0l1 16z`, third),
    disc(px, py - 21, 3.5, third),
  ];
};

/** Torn paper over print. */
const torn: Composition = (random, { inks: [first, second, third] }) => {
  const edge = (y: number, back: boolean): string => {
    const points: string[] = [];
    for (let x = 0; x <= WIDTH; x += 12) points.push(`${x} ${Math.round(y + random.between(-5, 5))}`);
    return (back ? points.reverse() : points).join("L");
  };
  const top = random.between(24, 32);
  const low = random.between(68, 78);
  const shapes: Shape[] = [rect(0, 0, WIDTH, HEIGHT, second)];
  for (let y = 6; y < HEIGHT; y += 7) shapes.push(rect(8, y, random.between(50, 104), 2, third));
  shapes.push(
    path(`M${edge(top - 4, false)}L${edge(low + 4, true)}z`, third),
    path(`M${edge(top, false)}L${edge(low, true)}z`, first),
  );
  return shapes;
};

/** Rain on somebody under an umbrella. */
const rain: Composition = (random, { inks: [first, second, third] }) => {
  const lean = random.between(6, 14);
  let drops = "";
  for (let drop = 0; drop < 26; drop += 1) {
    drops += `M${random.between(-6, 118)} ${random.between(-8, 92)}l-${lean / 2} ${random.of([9, 14, 18])}`;
  }
  const shapes: Shape[] = [line(drops, second, 1.5)];
  const x = random.between(40, 80);
  shapes.push(
    rect(0, 96, WIDTH, 8, second),
    path(`M${x - 26} 60a26 24 0 0 1 52 0q-6-5-13 0q-6-5-13 0q-6-5-13 0q-7-5-13 0z`, first),
    line(`M${x} 34v50`, third, 1.5),
    path(`M${x - 9} 98l3-24q6-8 12 0l3 24z`, third),
    disc(x, 66, 4.5, third),
  );
  return shapes;
};

/** A skyline at night, some windows lit. */
const skyline: Composition = (random, { inks: [first, second, third] }) => {
  const shapes: Shape[] = [disc(random.between(24, 96), 26, random.between(10, 15), third)];
  let x = -4;
  let index = 0;
  while (x < WIDTH) {
    const wide = random.between(14, 22);
    const top = random.between(26, 66);
    shapes.push(rect(x, top, wide, HEIGHT - top, index % 2 ? second : first));
    if (index % 3 === 1) shapes.push(rect(x + wide / 2 - 1, top - 9, 2, 9, second));
    for (let light = 0; light < 2; light += 1)
      shapes.push(rect(x + random.of([3, 7, 10]), top + random.between(6, 30), 3, 4, third));
    x += wide;
    index += 1;
  }
  return shapes;
};

/** Waves, one behind the other. */
const waves: Composition = (random, { inks: [first, second, third] }) => {
  const colours = [third, second, first];
  const shapes: Shape[] = [
    disc(random.between(24, 96), random.between(16, 28), random.between(9, 15), first),
  ];
  const tall = random.between(8, 18);
  const long = random.between(22, 38);
  const apart = random.between(13, 18);
  for (let row = 0; row < 5; row += 1) {
    const y = 38 + row * apart;
    const start = -random.between(0, long);
    const wave = `q${long / 2}-${tall} ${long} 0t${long} 0`;
    shapes.push(path(`M${start} ${y}${wave.repeat(4)}V104H${start}z`, colours[row % 3] ?? first));
  }
  return shapes;
};

/** Discs that bounce: a comedy's own picture. */
const bounce: Composition = (random, { inks: [first, second, third] }) => {
  const colours = [first, second, third];
  const shapes: Shape[] = [];
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < 4; column += 1) {
      const [x, y] = [15 + column * 30, 18 + row * 34];
      const colour = random.of(colours);
      const kind = random();
      if (kind < 0.4) shapes.push(disc(x, y, random.of([9, 12, 14]), colour));
      else if (kind < 0.65) shapes.push(path(`M${x - 13} ${y}a13 13 0 0 1 26 0z`, colour));
      else if (kind < 0.85)
        shapes.push(path(`M${x - 12} ${y + 12}L${x} ${y - 13}L${x + 12} ${y + 12}z`, colour));
      else shapes.push(rect(x - 11, y - 11, 22, 22, colour));
    }
  }
  return shapes;
};

export const COMPOSITIONS = {
  orbits,
  doorway,
  road,
  blinds,
  eye,
  maze,
  horizon,
  stairs,
  torn,
  rain,
  skyline,
  waves,
  bounce,
} as const;
type Name = keyof typeof COMPOSITIONS;

/** What suits a genre; the most telling genre comes first. */
const BY_GENRE: readonly [string, readonly Name[]][] = [
  ["horror", ["doorway", "eye", "doorway", "stairs"]],
  ["sci-fi", ["orbits", "orbits", "skyline", "eye"]],
  ["film-noir", ["blinds", "stairs", "skyline"]],
  ["western", ["horizon", "road"]],
  ["animation", ["bounce", "waves", "horizon"]],
  ["mystery", ["maze", "eye", "stairs", "doorway"]],
  ["crime", ["blinds", "skyline", "maze", "stairs"]],
  ["war", ["torn", "horizon", "road"]],
  ["documentary", ["torn", "horizon", "eye"]],
  ["musical", ["bounce", "skyline", "waves"]],
  ["adventure", ["road", "waves", "horizon"]],
  ["thriller", ["eye", "stairs", "skyline", "blinds"]],
  ["fantasy", ["waves", "orbits", "doorway"]],
  ["romance", ["rain", "horizon", "waves"]],
  ["comedy", ["bounce", "skyline", "waves", "rain"]],
  ["action", ["skyline", "road", "torn"]],
  ["history", ["stairs", "torn", "horizon"]],
  ["biography", ["stairs", "torn", "eye"]],
  ["drama", ["horizon", "rain", "stairs", "waves"]],
];
const OTHERWISE: readonly Name[] = ["horizon", "bounce", "waves", "torn"];

/** The pictures of the most telling genre, and some of the next one's, so that a wall of one kind does not look alike. */
export function suitableCompositions(genres: readonly string[]): readonly Name[] {
  const [first, second] = BY_GENRE.filter(([genre]) => genres.includes(genre));
  return first ? [...first[1], ...(second?.[1].slice(0, 2) ?? [])] : OTHERWISE;
}
