package vigie.agent.reader;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a unit of systemd is, in systemd's own words.
 *
 * @param name with its type, such as {@code gunicorn.service}
 * @param loadState {@code loaded}, {@code not-found}, {@code masked}, {@code bad-setting}, …
 * @param activeState {@code active}, {@code reloading}, {@code inactive}, {@code failed}, {@code
 *     activating}, {@code deactivating}, …
 * @param subState finer, by the unit's type: {@code running}, {@code auto-restart}, {@code dead}, …
 * @param result how the service ended last: {@code success}, {@code exit-code}, {@code signal},
 *     {@code oom-kill}, …; empty for other units
 * @param restarts how often systemd has started the service again by itself since it was started by
 *     somebody; -1 for other units and where systemd is older than 235
 * @param mainCode how the main process ended last: 0 it has not, 1 exited, 2 killed, 3 killed with
 *     a core dump; -1 for other units
 * @param mainStatus its exit code, or the signal that killed it; -1 for other units
 * @param invocationId another one for each start, in hexadecimal; empty where there was none
 * @param activeSince when it became active last; null when it never was
 */
public record UnitStatus(
    String name,
    String loadState,
    String activeState,
    String subState,
    String result,
    long restarts,
    int mainCode,
    int mainStatus,
    String invocationId,
    @Nullable Instant activeSince) {

  /** Whether systemd knows the unit: from a file, or because it runs still. */
  public boolean exists() {
    return !loadState.equals("not-found") || !activeState.equals("inactive");
  }
}
