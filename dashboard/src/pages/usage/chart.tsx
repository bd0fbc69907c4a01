import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Columns } from './series.ts';

/** The colours of the theme that is shown, as a canvas needs them. */
export interface Palette {
  series(index: number): string;
  text: string;
  grid: string;
  danger: string;
}

/** What a chart draws; the rest of uPlot's options is the same for all. */
export interface Drawing {
  series: uPlot.Series[];
  bands?: uPlot.Band[];
  scales: uPlot.Scales;
  /** Texts for positions on the axes. */
  formatX(seconds: number): string;
  formatY(value: number): string;
}

interface ChartProps {
  /** What the chart shows, in a sentence, for those who do not see it. */
  label: string;
  data: Columns;
  draw(palette: Palette): Drawing;
  /** The point under the pointer; undefined where it has left. */
  onPoint?: (index: number | undefined) => void;
}

const FONT = '12px ui-sans-serif, system-ui, sans-serif';
const HEIGHT = 220;

/** A plot as wide as its place, in the colours of the theme; drawn anew when either changes. */
export default function Chart({ label, data, draw, onPoint }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef({ data, draw, onPoint });
  latest.current = { data, draw, onPoint };

  useEffect(() => {
    const place = host.current;
    if (!place) return;
    const make = () => {
      plot.current?.destroy();
      const { draw, data } = latest.current;
      const options = optionsOf(draw(readPalette(place)), place.clientWidth, (index) =>
        latest.current.onPoint?.(index),
      );
      plot.current = new uPlot(options, data as uPlot.AlignedData, place);
    };
    make();
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: place.clientWidth, height: HEIGHT }));
    resize.observe(place);
    addEventListener('themechange', make);
    return () => {
      removeEventListener('themechange', make);
      resize.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => plot.current?.setData(data as uPlot.AlignedData), [data]);

  return <div ref={host} className="chart" role="img" aria-label={label} />;
}

function readPalette(place: Element): Palette {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    series: (index) => colour(`--series-${index + 1}`),
    text: colour('--text-soft'),
    grid: colour('--line'),
    danger: colour('--danger'),
  };
}

function optionsOf(
  { series, bands, scales, formatX, formatY }: Drawing,
  width: number,
  onPoint: (index: number | undefined) => void,
): uPlot.Options {
  return {
    width,
    height: HEIGHT,
    padding: [12, 8, 0, 0],
    series: [{}, ...series],
    ...(bands && { bands }),
    scales,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    axes: [
      {
        font: FONT,
        space: 64,
        size: 28,
        grid: { show: false },
        ticks: { show: false },
        values: (_, splits) => splits.map(formatX),
      },
      {
        font: FONT,
        space: 40,
        size: 52,
        ticks: { show: false },
        values: (_, splits) => splits.map(formatY),
      },
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  };
}
