import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import type { Columns } from './series.ts';

/** The colours of the theme that is shown, as a canvas needs them. */
export interface Palette {
  /** From 0 on. */
  series(index: number): string;
  text: string;
  font: string;
  grid: string;
  danger: string;
}

interface ChartProps {
  /** What the chart shows, in a sentence, for those who do not see it. */
  label: string;
  data: Columns;
  /** From where to where the axis of time goes, in seconds since 1970. */
  x: readonly [from: number, to: number];
  /** Up to where the other one goes; it begins at 0. */
  y: number;
  series(palette: Palette): uPlot.Series[];
  formatX(seconds: number): string;
  formatY(value: number): string;
  /** How far apart ticks may be, where that is not by tens. */
  incrementsY?: number[];
  /** Whether ticks are at the beginnings of days in UTC rather than of the reader's. */
  utc?: boolean;
  /** The point under the pointer; undefined where it has left. */
  onPoint?: (index: number | undefined) => void;
}

const HEIGHT = 220;
/** About as wide as a character of the axes is. */
const PX_PER_CHARACTER = 7;

/**
 * A plot as wide as its place, in the colours of the theme, drawn anew when either changes. Follows `data`, `x` and `y`;
 * what is drawn of them stays as it was at first: for something else, give it another key.
 */
export function Chart(props: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const place = host.current;
    if (!place) return;
    const make = () => {
      plot.current?.destroy();
      const options = optionsOf(() => latest.current, paletteOf(place), place.clientWidth);
      plot.current = new uPlot(options, latest.current.data as uPlot.AlignedData, place);
    };
    make();
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: place.clientWidth, height: HEIGHT }));
    resize.observe(place);
    addEventListener('themechange', make);
    return () => {
      removeEventListener('themechange', make);
      resize.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(props.data as uPlot.AlignedData), [props.data]);

  return <div ref={host} className="chart" role="img" aria-label={props.label} />;
}

function paletteOf(place: Element): Palette {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    series: (index) => colour(`--series-${index + 1}`),
    text: colour('--text-soft'),
    font: `12px ${style.fontFamily}`,
    grid: colour('--line'),
    danger: colour('--danger'),
  };
}

function optionsOf(props: () => ChartProps, palette: Palette, width: number): uPlot.Options {
  const { series, incrementsY, utc } = props();
  return {
    width,
    height: HEIGHT,
    padding: [12, 24, 0, 0],
    series: [{}, ...series(palette)],
    scales: {
      x: { time: true, range: () => [...props().x] },
      y: { range: () => [0, props().y || 1] },
    },
    ...(utc === true && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') }),
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    axes: [
      {
        font: palette.font,
        stroke: palette.text,
        space: 64,
        size: 28,
        grid: { show: false },
        ticks: { show: false },
        values: (_, ticks) => ticks.map((tick) => props().formatX(tick)),
      },
      {
        font: palette.font,
        stroke: palette.text,
        space: 40,
        size: (_, ticks: string[] | null) =>
          14 + PX_PER_CHARACTER * Math.max(0, ...(ticks ?? []).map((tick) => tick.length)),
        ...(incrementsY && { incrs: incrementsY }),
        grid: { stroke: palette.grid, width: 1 },
        ticks: { show: false },
        values: (_, ticks) => ticks.map((tick) => props().formatY(tick)),
      },
    ],
    hooks: { setCursor: [({ cursor }) => props().onPoint?.(cursor.idx ?? undefined)] },
  };
}
