package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

class TimeIntervalTest {
  private final Faults faults = new Faults();

  private List<TimeInterval> read(String interval) {
    return TimeInterval.readAll(
            Yaml.parse(
                Path.of("c"),
                "time_intervals: [{name: n, time_intervals: [{" + interval + "}]}]",
                Map.of(),
                faults))
        .get("n");
  }

  // 2026-02-28 is a Saturday, the last day of its month; 2028 is a leap year.
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "times: [{start_time: 08:00, end_time: 17:00}]; 2026-02-28T08:00:00Z; true",
        "times: [{start_time: 08:00, end_time: 17:00}]; 2026-02-28T16:59:59Z; true",
        "times: [{start_time: 08:00, end_time: 17:00}]; 2026-02-28T17:00:00Z; false",
        "times: [{start_time: 22:00, end_time: 24:00}]; 2026-02-28T23:59:00Z; true",
        "weekdays: ['monday:friday']; 2026-02-28T10:00:00Z; false",
        "weekdays: [Saturday, sunday]; 2026-02-28T10:00:00Z; true",
        "weekdays: [sunday]; 2026-03-01T00:00:00Z; true",
        "days_of_month: ['-1']; 2026-02-28T10:00:00Z; true",
        "days_of_month: ['-1']; 2028-02-28T10:00:00Z; false",
        "days_of_month: ['-3:-1']; 2028-02-27T10:00:00Z; true",
        "days_of_month: ['1:5', '31']; 2026-02-28T10:00:00Z; false",
        "days_of_month: ['27:31']; 2026-02-28T10:00:00Z; true",
        "days_of_month: ['1:-2']; 2026-02-28T10:00:00Z; false",
        "months: ['january:march']; 2026-02-28T10:00:00Z; true",
        "months: ['3:12']; 2026-02-28T10:00:00Z; false",
        "years: ['2020:2026']; 2026-02-28T10:00:00Z; true",
        "years: ['2027']; 2026-02-28T10:00:00Z; false",
        "times: [{start_time: 09:00, end_time: 17:00}], weekdays: ['monday:friday'],"
            + " location: Australia/Sydney; 2026-03-01T22:30:00Z; true",
        "times: [{start_time: 02:00, end_time: 03:00}], location: Europe/Paris;"
            + " 2026-03-29T01:30:00Z; false",
        "times: [{start_time: 03:00, end_time: 04:00}], location: Europe/Paris;"
            + " 2026-03-29T01:30:00Z; true",
        "weekdays: [saturday], months: [may]; 2026-02-28T10:00:00Z; false",
        "; 2026-02-28T10:00:00Z; true"
      })
  void givenInterval_whenAMomentIsAsked_thenAsTheReferenceSays(
      String interval, Instant moment, boolean within) {
    List<TimeInterval> read = read(interval == null ? "" : interval);

    assertThat(faults.all()).isEmpty();
    assertThat(read.get(0).contains(moment)).isEqualTo(within);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "times: [{start_time: 8:00, end_time: 17:00}]; start_time \"8:00\" is no time of day",
        "times: [{start_time: 18:00, end_time: 17:00}]; end_time must be later than start_time",
        "times: [{start_time: 18:00}]; key \"end_time\" is missing",
        "weekdays: [mondy]; did you mean \"monday\"?",
        "weekdays: ['friday:monday']; ends before it begins",
        "weekdays: ['1']; weekdays: \"1\" is not among",
        "days_of_month: ['0']; days_of_month: \"0\" is not from -31 to 31",
        "days_of_month: ['-1:5']; ends before it begins",
        "days_of_month: ['28:-5']; ends before it begins",
        "months: ['13']; months: \"13\" is not among",
        "location: Europe/Pariss; did you mean \"Europe/Paris\"?",
        "hours: [1]; unknown key \"hours\""
      })
  void givenFault_whenRead_thenSaidWhereAndWhat(String interval, String fault) {
    read(interval);

    assertThat(faults.all())
        .singleElement()
        .satisfies(found -> assertThat(found).startsWith("c:1:").contains(fault));
  }
}
