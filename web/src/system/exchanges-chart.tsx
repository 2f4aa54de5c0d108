import { BarChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { number, useWords } from '../language/wording.ts';

use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** Exchanges in each of the last sixty minutes; the last one is not over. Whoever does not see it has the sentence above. */
export default function ExchangesChart({ exchanges }: { exchanges: number[] }) {
  const { t, language } = useWords();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  useEffect(() => {
    if (!place.current) return;
    const drawn = init(place.current, null, { renderer: 'canvas' });
    chart.current = drawn;
    const fit = new ResizeObserver(() => drawn.resize());
    fit.observe(place.current);
    return () => {
      fit.disconnect();
      drawn.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    const ago = (at: number) => exchanges.length - 1 - at;
    chart.current?.setOption({
      animation: false,
      grid: { left: 44, right: 12, top: 12, bottom: 44 },
      // Drawn and not written as HTML, which the content security policy would not let have its styles.
      tooltip: {
        trigger: 'axis',
        renderMode: 'richText',
        formatter: (points: unknown) => {
          const [{ dataIndex, value } = { dataIndex: 0, value: 0 }] = points as { dataIndex: number; value: number }[];
          return `${number(value)} · ${t('system.ago', { count: ago(dataIndex) })}`;
        },
      },
      xAxis: {
        type: 'category',
        name: t('system.minutesAgo'),
        nameLocation: 'middle',
        nameGap: 26,
        nameTextStyle: { color: '#4a5563' },
        data: exchanges.map((_, at) => number(ago(at))),
        axisLabel: { interval: (at: number) => ago(at) % 10 === 0, color: '#4a5563' },
        axisTick: { show: false },
      },
      yAxis: { type: 'value', minInterval: 1, axisLabel: { color: '#4a5563' }, splitLine: { lineStyle: { color: '#e0e5eb' } } },
      series: [{ type: 'bar', data: exchanges, itemStyle: { color: '#0a5ea8' }, barCategoryGap: '20%' }],
    });
  }, [exchanges, language, t]);
  return <div className="system-chart" ref={place} role="img" aria-label={t('system.exchanges')} />;
}
