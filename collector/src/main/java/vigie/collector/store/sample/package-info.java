/** Owns stores of samples. Imports {@code sample} and {@code label}. */
@NullMarked
package vigie.collector.store.sample;

import org.jspecify.annotations.NullMarked;
