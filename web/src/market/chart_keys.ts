// What a key does to the chart that has the focus.
import { RESOLUTIONS, type Resolution } from '../route';

export interface Steerable {
  step(by: number): void;
  zoom(factor: number): void;
  pan(share: number): void;
  showAll(): void;
  showLatest(): void;
  leave(): void;
}

const ZOOM = 1.25;

// False when the key means nothing here.
export function chartKey(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  chart: Steerable,
  choose: (resolution: Resolution) => void,
): boolean {
  const rows = event.shiftKey ? 10 : 1;
  const resolution = RESOLUTIONS[Number(event.key) - 1];
  switch (event.key) {
    case 'ArrowLeft':
      chart.step(-rows);
      return true;
    case 'ArrowRight':
      chart.step(rows);
      return true;
    case 'ArrowUp':
    case '+':
    case '=':
      chart.zoom(1 / ZOOM);
      return true;
    case 'ArrowDown':
    case '-':
      chart.zoom(ZOOM);
      return true;
    case 'PageUp':
      chart.pan(-0.9);
      return true;
    case 'PageDown':
      chart.pan(0.9);
      return true;
    case 'Home':
      chart.showAll();
      return true;
    case 'End':
      chart.showLatest();
      return true;
    case 'Escape':
      chart.leave();
      return true;
    default:
      if (!resolution) return false;
      choose(resolution);
      return true;
  }
}
