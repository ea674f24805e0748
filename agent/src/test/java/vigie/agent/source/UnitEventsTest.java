package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;

/** Entries that systemd 252 wrote, and what is made of them where systemd can't be asked. */
class UnitEventsTest {
  private static final Path FILES = Path.of("src/test/resources/journal");
  @TempDir Path nothing;

  private List<Event> read(String export) {
    Systemd nobody =
        Systemd.of(
            new Roots(nothing, nothing, nothing),
            Map.of("DBUS_SYSTEM_BUS_ADDRESS", "none"),
            Clock.system());
    UnitEvents units = new UnitEvents(nobody, "b0b0");
    ManualClock clock = new ManualClock();
    List<Event> events = new ArrayList<>();
    assertThat(units.begin(clock.now())).isNull();
    ExportParser parser =
        new ExportParser(
            entry -> {
              Object found = units.take(entry, clock.now());
              if (found instanceof UnitEvents.Failure failure) {
                events.addAll(failure.events());
              } else if (found instanceof Event event) {
                events.add(event);
              } else {
                units.logged(entry.unit(), entry.message());
              }
            },
            () -> {});
    byte[] bytes = export.getBytes(StandardCharsets.UTF_8);
    parser.feed(bytes, 0, bytes.length);
    return events;
  }

  private static String show(Event event) {
    StringBuilder text = new StringBuilder();
    text.append(event.time()).append(' ').append(event.severity()).append(' ');
    text.append(event.type().wire()).append(' ').append(event.text()).append('\n');
    event
        .fields()
        .forEach(
            (name, value) ->
                text.append("  ")
                    .append(name)
                    .append('=')
                    .append(value.replace("\n", "\\n"))
                    .append('\n'));
    return text.toString();
  }

  @Test
  void givenRecordedEntries_whenRead_thenTheGoldenEvents() throws Exception {
    StringBuilder shown = new StringBuilder();
    read(recorded()).forEach(event -> shown.append(show(event)));
    Path golden = FILES.resolve("golden/systemd-252.txt");
    if (System.getProperty("golden.update") != null) {
      Files.createDirectories(golden.getParent());
      Files.writeString(golden, shown);
    }
    assertThat(shown.toString()).isEqualTo(Files.readString(golden));
  }

  private static String recorded() throws Exception {
    return Files.readString(FILES.resolve("systemd-252.export"));
  }

  private static List<String> types(List<Event> events) {
    return events.stream().map(e -> e.type().wire() + " " + e.fields().get("unit")).toList();
  }

  @Test
  void givenAnotherThanRootWhoSaysSo_whenRead_thenNothing() throws Exception {
    assertThat(types(read(recorded()))).isNotEmpty();
    assertThat(read(recorded().replace("\n_UID=0\n", "\n_UID=1000\n"))).isEmpty();
  }

  @Test
  void givenAUsersUnits_whenRead_thenItsUserIsTold() throws Exception {
    List<Event> events =
        read(
            recorded()
                .replace("\n_UID=0\n", "\n_UID=1000\n")
                .replace("\nUNIT=", "\nUSER_UNIT=")
                .replace("\nINVOCATION_ID=", "\nUSER_INVOCATION_ID="));
    assertThat(events).isNotEmpty().allMatch(e -> "1000".equals(e.fields().get("user")));
    assertThat(events.get(0).text()).contains("of user 1000 crashed");
  }

  @Test
  void givenAStartAfterAFailure_whenRead_thenRecoveredOnce() {
    String failed = entry("be02cf6855d2428ba40df7e9d022f03d", "JOB_RESULT=failed\n");
    String started = entry("39f53479d3a045ac8e11786248231fbf", "JOB_RESULT=done\n");
    List<Event> events = read(started + failed + failed + started + started);
    assertThat(types(events)).containsExactly("unit.failed a.service", "unit.recovered a.service");
  }

  @Test
  void givenAUsersUnitFailed_whenTheSystemsOfThatNameStarts_thenThatIsNoRecovery() {
    String failed = entry("be02cf6855d2428ba40df7e9d022f03d", "JOB_RESULT=failed\n");
    String started = entry("39f53479d3a045ac8e11786248231fbf", "JOB_RESULT=done\n");
    String users = "\n_UID=1000\nUSER_UNIT=a.service\n";
    List<Event> events =
        read(
            failed.replace("\n_UID=0\nUNIT=a.service\n", users)
                + started
                + started.replace("\n_UID=0\nUNIT=a.service\n", users));
    assertThat(types(events)).containsExactly("unit.failed a.service", "unit.recovered a.service");
    assertThat(events).allMatch(e -> "1000".equals(e.fields().get("user")));
  }

  @Test
  void givenADependencyThatFailed_whenRead_thenNothing() {
    assertThat(read(entry("be02cf6855d2428ba40df7e9d022f03d", "JOB_RESULT=dependency\n")))
        .isEmpty();
  }

  @Test
  void givenResultsWithoutAnExit_whenRead_thenOnlyThoseThatAreNoRepetitionAreCrashes() {
    String failure = "d9b373ed55a64feb8242e02dbe79a49c";
    assertThat(types(read(entry(failure, "UNIT_RESULT=oom-kill\n"))))
        .containsExactly("unit.crashed a.service");
    assertThat(types(read(entry(failure, "UNIT_RESULT=start-limit-hit\n"))))
        .containsExactly("unit.failed a.service");
  }

  @Test
  void givenManyUnitsAndLongLines_whenOneCrashes_thenWhatIsKeptIsBounded() {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      all.append("_SYSTEMD_UNIT=a.service\nMESSAGE=line ").append(i).append("x".repeat(1000));
      all.append("\n\n");
    }
    all.append(entry("98e322203f7a4ed290d09fe03c09fe15", "EXIT_CODE=exited\nEXIT_STATUS=1\n"));
    all.append(entry("d9b373ed55a64feb8242e02dbe79a49c", "UNIT_RESULT=exit-code\n"));
    List<Event> events = read(all.toString());
    assertThat(events).extracting(Event::type).containsExactly(EventType.UNIT_CRASHED);
    assertThat(events.get(0).fields().get("log").lines())
        .hasSize(5)
        .allMatch(line -> line.length() == 241);
  }

  private List<String> stopping(String entries) {
    return read(entries).stream()
        .map(e -> e.type().wire() + " " + e.fields().getOrDefault("stopping", "no"))
        .toList();
  }

  @Test
  void givenAServiceThatFailsAsTheNodeGoesDown_whenRead_thenItsEventSaysSo() {
    String down = "__CURSOR=s=1;i=1;b=aa;m=1;t=1;x=1\n_UID=0\nUNIT=\n";
    String shutdown =
        down + "MESSAGE_ID=98268866d1d54a499c4e98921d93bc40\nMESSAGE=System is rebooting.\n\n";
    String ofUser = shutdown.replace("_UID=0", "_UID=1000");
    String failure = entry("d9b373ed55a64feb8242e02dbe79a49c", "UNIT_RESULT=timeout\n");
    String sameBoot = failure.replace("=c\n", "=s=1;i=2;b=aa;m=2;t=2;x=2\n");
    String nextBoot = failure.replace("=c\n", "=s=1;i=3;b=bb;m=1;t=3;x=3\n");
    String longAfter =
        sameBoot.replace("MESSAGE=m", "MESSAGE=m\n__REALTIME_TIMESTAMP=4102444800000000");
    assertThat(stopping(sameBoot + shutdown + sameBoot))
        .containsExactly("unit.crashed no", "unit.crashed yes");
    assertThat(stopping(ofUser + sameBoot)).containsExactly("unit.crashed no");
    assertThat(stopping(shutdown + nextBoot)).containsExactly("unit.crashed no");
    assertThat(stopping(shutdown + longAfter)).containsExactly("unit.crashed no");
  }

  @Test
  void givenABootThatHasGoneDown_whenTheRestOfItsJournalIsRead_thenFaultsAreOfTheShutdown() {
    String failure = entry("d9b373ed55a64feb8242e02dbe79a49c", "UNIT_RESULT=timeout\n");
    assertThat(stopping(failure.replace("=c\n", "=s=1;i=2;b=b0b0;m=2;t=2;x=2\n")))
        .containsExactly("unit.crashed yes");
  }

  private static String entry(String id, String more) {
    return "__CURSOR=c\n_UID=0\nUNIT=a.service\nMESSAGE_ID=" + id + "\nMESSAGE=m\n" + more + "\n";
  }
}
