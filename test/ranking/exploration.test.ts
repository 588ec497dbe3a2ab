// The positions of a slate that are reserved for articles that were never sold.
import { createRandom } from '../../src/random';
import { exploring } from '../../src/ranking/arrange/exploration';
import { topIndices } from '../../src/statistics/best';

const none = (): boolean => false;
const neverSold =
  (...places: number[]) =>
  (place: number): boolean =>
    places.includes(place);
// The candidates are sorted: index p has the (p + 1)st highest score.
const falling = Float32Array.from({ length: 12 }, (_, place) => -place);

test('each third place is for the best article never sold that is not shown yet', () => {
  expect(exploring(falling, 6, 3, neverSold(8, 10, 11))).toEqual([0, 1, 8, 2, 3, 10]);
});

test('an article never sold with a high score is not shown twice', () => {
  expect(exploring(falling, 7, 3, neverSold(0, 9))).toEqual([0, 1, 9, 2, 3, 4, 5]);
  expect(exploring(falling, 6, 3, neverSold(0, 1, 2, 3, 4))).toEqual([0, 1, 2, 3, 4, 5]);
});

test('if no article never sold is left, the next by score takes the place', () => {
  expect(exploring(falling, 6, 2, neverSold(11))).toEqual([0, 11, 1, 2, 3, 4]);
  expect(exploring(falling, 12, 4, none)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test('a list too short for an exploration place is ordered by score alone, and so is every list without such places', () => {
  expect(exploring(falling, 5, 6, neverSold(11))).toEqual([0, 1, 2, 3, 4]);
  expect(exploring(falling, 12, 0, neverSold(11))).toEqual(topIndices(falling, 12));
});

test('an article without a score is never shown', () => {
  const scores = Float32Array.of(5, -Infinity, 3);
  expect(exploring(scores, 3, 2, neverSold(1))).toEqual([0, 2]);
});

test('a whole list keeps every candidate once, and the sold ones in the order of their scores', () => {
  const random = createRandom(1);
  for (let round = 0; round < 50; round++) {
    const scores = Float32Array.from({ length: 40 }, () => random.next());
    const novel = new Set(Array.from({ length: random.int(20) }, () => random.int(40)));
    const every = 1 + random.int(8);
    const shown = exploring(scores, 40, every, (place) => novel.has(place));
    expect([...shown].sort((a, b) => a - b)).toEqual([...scores.keys()]);
    const others = shown.filter((place) => !novel.has(place));
    expect(others).toEqual(topIndices(scores, 40).filter((place) => !novel.has(place)));
  }
});
