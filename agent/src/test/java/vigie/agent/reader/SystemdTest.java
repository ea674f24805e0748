package vigie.agent.reader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.time.Clock;

class SystemdTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final int CALLS_OF_A_SERVICE = 9;

  @TempDir Path folder;

  private Path socket() {
    return folder.resolve("bus");
  }

  private Systemd systemd() {
    String address = "unix:path=" + socket() + ",guid=00";
    return Systemd.of(Roots.HOST, Map.of("DBUS_SYSTEM_BUS_ADDRESS", address), Clock.system());
  }

  @Test
  void givenARecordedSession_whenUnitsAreAsked_thenTheirStatesAreThose() throws Exception {
    try (DBusPeer peer = DBusPeer.recorded(socket(), 100);
        Systemd systemd = systemd()) {
      UnitStatus crashing = systemd.status("crash.service", LIMIT);
      UnitStatus none = systemd.status("none.service", LIMIT);
      UnitStatus timer = systemd.status("some.timer", LIMIT);

      assertThat(crashing)
          .isEqualTo(
              new UnitStatus(
                  "crash.service",
                  "loaded",
                  "active",
                  "running",
                  "success",
                  332,
                  0,
                  0,
                  "1f01e6141c564f668f15a1d57b48eb97",
                  Instant.parse("2026-11-21T12:29:16.561727Z")));
      assertThat(none.exists()).isFalse();
      assertThat(none.activeSince()).isNull();
      assertThat(timer.exists()).isTrue();
      assertThat(timer.restarts()).isEqualTo(-1);
      assertThat(timer.subState()).isEqualTo("elapsed");
      assertThat(systemd.unitNames(LIMIT))
          .contains("crash.service", "some.timer", "dev-vda.device")
          .doesNotContain("none.service");
    }
  }

  @Test
  void givenABusThatRestarts_whenAskedAgain_thenItConnectsAnew() throws Exception {
    try (DBusPeer peer = DBusPeer.recorded(socket(), 1 + CALLS_OF_A_SERVICE);
        Systemd systemd = systemd()) {
      systemd.status("crash.service", LIMIT);
      // The peer closes after these calls, a moment later or now: either is met by a new one.
      UnitStatus again = statusOnceClosed(systemd);

      assertThat(again.restarts()).isEqualTo(332);
      assertThat(systemd.connects()).isEqualTo(2);
    }
  }

  private static UnitStatus statusOnceClosed(Systemd systemd) throws IOException {
    try {
      return systemd.status("crash.service", LIMIT);
    } catch (IOException stillOpen) {
      return systemd.status("crash.service", LIMIT);
    }
  }

  @Test
  void givenNoBus_whenAsked_thenThereIsNoData() throws Exception {
    try (Systemd systemd = systemd()) {
      assertThatExceptionOfType(NoDataException.class)
          .isThrownBy(() -> systemd.status("a.service", LIMIT))
          .withMessage("no D-Bus socket " + socket());
    }
    Map<String, String> remote = Map.of("DBUS_SYSTEM_BUS_ADDRESS", "tcp:host=192.0.2.1");
    try (Systemd systemd = Systemd.of(Roots.HOST, remote, Clock.system())) {
      assertThatExceptionOfType(NoDataException.class)
          .isThrownBy(() -> systemd.status("a.service", LIMIT))
          .withMessageContaining("unix:path=");
    }
  }

  @Test
  void givenABusThatRefusesUs_whenAsked_thenTheMessageSaysSo() throws Exception {
    DBusPeer.Behaviour refuse =
        (in, out) -> {
          DBusPeer.expect(in, "\0AUTH EXTERNAL\r\n");
          out.write("REJECTED EXTERNAL\r\n".getBytes(ISO_8859_1));
        };
    try (DBusPeer peer = DBusPeer.at(socket(), refuse);
        Systemd systemd = systemd()) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> systemd.status("a.service", LIMIT))
          .withMessage("D-Bus at %s refuses this process's user", socket());
    }
  }

  @Test
  void givenASilentBus_whenAsked_thenTheLimitHolds() throws Exception {
    try (DBusPeer peer = DBusPeer.at(socket(), (in, out) -> in.readAllBytes());
        Systemd systemd = systemd()) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> systemd.status("a.service", Duration.ofMillis(50)))
          .withMessage("D-Bus at %s gave no answer in time", socket());
    }
  }

  @Test
  void givenAnEndlessLineOrMessage_whenRead_thenItIsRefused() throws Exception {
    DBusPeer.Behaviour flood =
        (in, out) -> {
          while (true) {
            out.write(new byte[1000]);
          }
        };
    try (DBusPeer peer = DBusPeer.at(socket(), flood);
        Systemd systemd = systemd()) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> systemd.status("a.service", LIMIT))
          .withMessageContaining("a line of more than 512 bytes");
    }
    byte[] huge = new byte[DBusReader.HEADER_BYTES];
    huge[0] = 'l';
    for (int length : new int[] {-1, Integer.MAX_VALUE, DBusReader.MAX_BYTES}) {
      DBusPeer.littleEndian(huge).putInt(4, length);
      assertThatExceptionOfType(IOException.class).isThrownBy(() -> DBusReader.length(huge, 0));
    }
  }

  @Test
  void givenMessagesCutOffOrSpoilt_whenRead_thenNothingButAnIoExceptionComesOut() throws Exception {
    long seed = 252;
    Random random = new Random(seed);
    DBusReader reader = new DBusReader();
    int readable = 0;
    for (byte[] message : DBusPeer.messages()) {
      for (int i = 0; i < 400; i++) {
        byte[] spoilt = message.clone();
        int length = spoilt.length;
        if (i % 2 == 0) {
          length = random.nextInt(length + 1);
        }
        for (int n = random.nextInt(4); n > 0 && length > 0; n--) {
          spoilt[random.nextInt(length)] = (byte) random.nextInt();
        }
        if (length >= DBusReader.HEADER_BYTES) {
          readable += read(reader, spoilt, length) ? 1 : 0;
        }
      }
    }
    assertThat(readable).as("messages that were still whole, seed %d", seed).isPositive();
  }

  private static boolean read(DBusReader reader, byte[] message, int length) {
    String[] bodies = {"a(ssssssouso)", "v", "a{sv}", "s", "(ayv)", "aaaav", "{yv}", "((((v))))"};
    boolean read = false;
    for (String body : bodies) {
      try {
        reader.open(message, 0, length);
        if (body.equals("a{sv}")) {
          int end = reader.array(8);
          while (reader.isBefore(end)) {
            reader.struct();
            reader.string();
            reader.skip("v");
          }
        } else {
          reader.skip(body);
        }
        read = true;
      } catch (IOException expected) {
        // One of the ways to say no.
      }
    }
    return read;
  }

  @Test
  void givenAllPropertiesOfAUnit_whenSkippedOneByOne_thenTheBodyEndsThere() throws Exception {
    byte[] all = DBusPeer.messages().stream().max((a, b) -> a.length - b.length).orElseThrow();
    DBusReader reader = new DBusReader();
    reader.open(all, 0, all.length);
    int end = reader.array(8);
    int properties = 0;
    while (reader.isBefore(end)) {
      reader.struct();
      reader.string();
      reader.skip("v");
      properties++;
    }
    assertThat(end).isEqualTo(all.length);
    assertThat(properties).isGreaterThan(300);
  }

  @Test
  void givenABigEndianMessage_whenRead_thenItsFieldsAreThose() throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.BIG_ENDIAN);
    bytes.put((byte) 'B').put((byte) 2).put((byte) 0).put((byte) 1);
    bytes.putInt(5).putInt(7).putInt(8);
    bytes.put((byte) 5).put((byte) 1).put((byte) 'u').put((byte) 0).putInt(3);
    bytes.put((byte) 1).put((byte) 'i').put((byte) 0).put((byte) 0).putInt(-2);
    DBusReader reader = new DBusReader();

    reader.open(bytes.array(), 0, bytes.position());

    assertThat(reader.type()).isEqualTo(DBusReader.METHOD_RETURN);
    assertThat(reader.replySerial()).isEqualTo(3);
    assertThat(reader.variantNumber()).isEqualTo(-2);
  }

  @Test
  void givenACall_whenWritten_thenEachFieldLiesWhereTheSpecificationHasIt() {
    DBusWriter writer = new DBusWriter();
    writer.call(9, "d", "/p", "i", "m", "one");
    ByteBuffer written = writer.written();
    byte[] bytes = new byte[written.remaining()];
    written.get(bytes);

    assertThat(bytes)
        .isEqualTo(
            ("l\1\2\1" + "\10\0\0\0" + "\11\0\0\0" + "\107\0\0\0")
                .concat("\1\1o\0\2\0\0\0/p\0\0\0\0\0\0")
                .concat("\6\1s\0\1\0\0\0d\0\0\0\0\0\0\0")
                .concat("\2\1s\0\1\0\0\0i\0\0\0\0\0\0\0")
                .concat("\3\1s\0\1\0\0\0m\0\0\0\0\0\0\0")
                .concat("\10\1g\0\1s\0\0")
                .concat("\3\0\0\0one\0")
                .getBytes(ISO_8859_1));
  }

  @ParameterizedTest
  @CsvSource({
    "gunicorn, gunicorn.service",
    "gunicorn.socket, gunicorn.socket",
    "getty@tty1.service, getty@tty1.service",
    "php8.2-fpm, php8.2-fpm.service"
  })
  void givenAShortName_whenCompleted_thenItIsThatOfAService(String given, String full) {
    assertThat(Systemd.unitName(given)).isEqualTo(full);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".service", "a b", "a/b", "ä.service", "*.service"})
  void givenWhatIsNoUnit_whenCompleted_thenItIsRefused(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> Systemd.unitName(name));
  }

  @Test
  void givenAUnit_whenItsPathIsMade_thenWhatIsNoLetterIsEscaped() {
    assertThat(Systemd.pathOf("php8.2-fpm.service"))
        .isEqualTo("/org/freedesktop/systemd1/unit/php8_2e2_2dfpm_2eservice");
    assertThat(Systemd.pathOf("1a_b.mount"))
        .isEqualTo("/org/freedesktop/systemd1/unit/_31a_5fb_2emount");
  }
}
