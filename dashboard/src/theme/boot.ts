// Runs before the first paint, so that no page flashes in the other theme's colours.
import { applyTheme, followDevice } from './theme.ts';

applyTheme();
followDevice();
