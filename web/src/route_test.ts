import { describe, expect, it } from 'vitest';
import { formatCharts, formatRoute, parseCharts, parseRoute } from './route';

describe('route', () => {
  it('comes back from its own text', () => {
    const route = {
      view: 'query' as const,
      values: { sql: "SELECT 'a,b' AS x; -- 100 % & more" },
    };
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });
  it('is the market where the address says nothing known', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#//evil?x=1'])
      expect(parseRoute(hash).view).toBe('market');
  });
  it('reads well', () => {
    expect(
      formatRoute({ view: 'market', values: { charts: 'ES.1m.front,ZN.1d.1', cvd: '' } }),
    ).toBe('#/market?charts=ES.1m.front,ZN.1d.1');
  });
});

describe('charts', () => {
  it('come back from their own text', () => {
    const charts = parseCharts('ES.1s.front,6E.5m.6EU5,ZN.1d.2');
    expect(charts.map((chart) => chart.contract)).toEqual(['front', '6EU5', '2']);
    expect(parseCharts(formatCharts(charts))).toEqual(charts);
  });
  it('are four at most, and what is no root is left out', () => {
    expect(parseCharts('A,B,C,D,E')).toHaveLength(4);
    expect(parseCharts('<b>.1m.front')).toEqual([]);
    expect(parseCharts('ES.2y.<i>')).toEqual([{ root: 'ES', resolution: '1m', contract: 'front' }]);
  });
});
