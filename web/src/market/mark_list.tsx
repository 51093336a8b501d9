// What the chart's bands and lines say, for who cannot see them.
import type { Marks } from '../api/types';
import { fullTime, type Zone } from '../zone';

const SPOKEN_MAX = 50; // of each kind, the newest

export function markTexts(marks: Marks, zone: Zone): string[] {
  const at = (second: number) => fullTime(second, zone);
  return [
    ...marks.switches
      .slice(-SPOKEN_MAX)
      .map((mark) => `${at(mark.time)}: front month from ${mark.from} to ${mark.to}`),
    ...marks.gaps
      .slice(-SPOKEN_MAX)
      .map(
        (gap) =>
          `Gap${gap.repaired ? ', repaired' : ''}, ${at(gap.from)} to ${at(gap.to)}: ` +
          `${gap.reason}. ${gap.detail}`,
      ),
    ...marks.holidays.slice(-SPOKEN_MAX).map((day) => `${day.date}: ${day.name}`),
  ];
}

export function MarkList({ marks, zone }: { marks: Marks; zone: Zone }) {
  return (
    <ul class="unseen" aria-label="Marks on the chart">
      {markTexts(marks, zone).map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}
