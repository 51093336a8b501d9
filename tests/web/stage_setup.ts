// Made once for all files.
import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { makeStage, type Stage } from './stage';

declare module 'vitest' {
  export interface ProvidedContext {
    stage: Stage;
  }
}

export default async function setup(project: TestProject) {
  const stage = await makeStage();
  project.provide('stage', stage);
  return () => {
    if (!process.env['FM_PAGE_KEEP']) rmSync(stage.directory, { recursive: true, force: true });
  };
}
