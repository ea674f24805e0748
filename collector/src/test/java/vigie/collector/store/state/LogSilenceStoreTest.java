package vigie.collector.store.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.collector.alert.Acknowledgement;
import vigie.collector.silence.Silence;
import vigie.collector.silence.SilenceStore;
import vigie.collector.silence.SilenceStoreContract;

/** Over a disk that forgets what was not synced. */
class LogSilenceStoreTest extends SilenceStoreContract {
  private static final Path FOLDER = Path.of("/state");
  private final ForgetfulFiles files = new ForgetfulFiles(1);

  private StateLog open() {
    return StateLog.open(FOLDER, files);
  }

  @Override
  protected SilenceStore store() {
    return new LogSilenceStore(open());
  }

  @Override
  protected SilenceStore reopened(SilenceStore store) {
    files.powerCut(Forget.ALL);
    return new LogSilenceStore(open());
  }

  @Test
  void givenSilenceThatCannotBeRead_whenLoaded_thenTheOthersAreThere() {
    StateLog states = open();
    new LogSilenceStore(states).save(List.of(silence("a", "1")));
    states.put("silences/b", new byte[] {'{'});

    assertThat(new LogSilenceStore(states).load()).containsExactly(silence("a", "1"));
  }

  /** What was answered is there, whatever of the rest a cut leaves. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void givenPowerCutsAtRandom_whenReopened_thenEverySilenceAndAcknowledgementIsThere(long seed) {
    ForgetfulFiles disk = new ForgetfulFiles(seed);
    Random random = new Random(seed);
    List<Silence> silences = new ArrayList<>();
    List<Acknowledgement> acks = new ArrayList<>();
    for (int life = 0; life < 30; life++) {
      StateLog states = StateLog.open(FOLDER, disk);
      var silenceStore = new LogSilenceStore(states);
      var ackStore = new LogAcknowledgementStore(states);
      assertThat(silenceStore.load())
          .as("seed %d", seed)
          .containsExactlyInAnyOrderElementsOf(silences);
      assertThat(ackStore.load()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(acks);
      for (int i = random.nextInt(4); i > 0; i--) {
        Silence silence = silence(life + "-" + i, "x".repeat(random.nextInt(5000)));
        silenceStore.save(List.of(silence));
        silences.add(silence);
        String fingerprint = "%016x".formatted(random.nextLong());
        Acknowledgement ack = new Acknowledgement(fingerprint, "anna", "note " + i, T);
        ackStore.save(List.of(ack));
        acks.add(ack);
      }
      if (!silences.isEmpty() && random.nextBoolean()) {
        Silence gone = silences.remove(random.nextInt(silences.size()));
        silenceStore.remove(List.of(gone.id()));
        Acknowledgement over = acks.remove(random.nextInt(acks.size()));
        ackStore.remove(List.of(over.fingerprint()));
      }
      disk.powerCut(random.nextBoolean() ? Forget.ALL : Forget.SOME);
    }
  }
}
