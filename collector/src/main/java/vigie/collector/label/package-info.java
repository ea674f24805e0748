/**
 * Owns label sets, matchers and regular expressions from outside (the only door to RE2/J). Imports
 * nothing.
 */
@NullMarked
package vigie.collector.label;

import org.jspecify.annotations.NullMarked;
