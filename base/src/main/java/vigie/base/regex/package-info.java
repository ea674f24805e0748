/** Owns what a regular expression may cost to compile. Imports nothing of ours, nor RE2/J. */
@NullMarked
package vigie.base.regex;

import org.jspecify.annotations.NullMarked;
