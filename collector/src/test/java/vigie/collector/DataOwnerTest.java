package vigie.collector;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataOwnerTest {
  @TempDir Path folder;

  private record User(String getName) implements UserPrincipal {
    @Override
    public String getName() {
      return getName;
    }
  }

  @Test
  void givenFolderOfTheOneWhoAsks_whenChecked_thenWell() {
    assertThatCode(() -> DataOwner.check(folder, "collector")).doesNotThrowAnyException();
  }

  @Test
  void givenFolderOfSomebodyElse_whenChecked_thenRefusedWithTheCommandThatWorks() {
    assertThatThrownBy(
            () -> DataOwner.check(folder, "collector events import", new User("somebody")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("what somebody writes there")
        .hasMessageMatching("(?s).*: sudo -u \\S+ collector events import");
  }
}
