package vigie.collector.alert;

import java.time.Instant;

/**
 * An alert that another server posted.
 *
 * @param alert as it stands; its {@code rule} is {@code ""}
 * @param endsAt when it counts as resolved, if nobody posts it again
 * @param generatorUrl what the server says of where it comes from; {@code ""} for nothing
 */
public record PostedAlert(Alert alert, Instant endsAt, String generatorUrl) {}
