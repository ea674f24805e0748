package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BytesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "007, 7",
    "18446744073709551615, 18446744073709551615",
    "123456789012345678, 123456789012345678",
    "0.56, 0.56",
    "12.000, 12",
    "-1, NaN",
    "+1, NaN",
    "1., NaN",
    ".5, NaN",
    "1.2.3, NaN",
    "1e3, NaN",
    "x, NaN",
    "12x, NaN",
    "0x10, NaN",
    "99999999999999999999999999999999999999999, NaN",
    "0.1234567890123, NaN",
    "'', NaN",
    "'   ', NaN"
  })
  void givenField_whenReadAsNumber_thenNumberOrNaN(String text, Double number) {
    Bytes bytes = bytes(text);
    bytes.line();

    assertThat(bytes.number()).isEqualTo(number);
  }

  @ParameterizedTest
  @CsvSource({"0x1003, 4099", "0x0, 0", "0xFFFFFFFF, 4294967295", "0x, NaN", "0xg, NaN", "12, NaN"})
  void givenHexadecimalField_whenRead_thenNumberOrNaN(String text, Double number) {
    Bytes bytes = bytes(text);
    bytes.line();

    assertThat(bytes.hexadecimal()).isEqualTo(number);
  }

  @Test
  void givenLines_whenRead_thenFieldsOfEachAndNothingBeyond() {
    Bytes bytes = bytes("a  1\t2\n\n  b: c d \nlast");

    assertThat(bytes.line()).isTrue();
    assertThat(bytes.field()).isTrue();
    assertThat(bytes.text()).isEqualTo("a");
    assertThat(bytes.number()).isEqualTo(1);
    assertThat(bytes.number()).isEqualTo(2);
    assertThat(bytes.number()).isNaN();
    assertThat(bytes.line()).isTrue();
    assertThat(bytes.field()).isFalse();
    assertThat(bytes.line()).isTrue();
    assertThat(bytes.fieldBefore(':', false)).isTrue();
    assertThat(bytes.text()).isEqualTo("b");
    assertThat(bytes.rest()).isTrue();
    assertThat(bytes.text()).isEqualTo("c d");
    assertThat(bytes.line()).isTrue();
    assertThat(bytes.fieldBefore(':', false)).isFalse();
    assertThat(bytes.field()).isTrue();
    assertThat(bytes.is("last")).isTrue();
    assertThat(bytes.line()).isFalse();
  }

  @Test
  void givenNumbersOfManyDigits_whenRead_thenTheNearestDouble() {
    Random random = new Random(7);
    List<String> numbers = new ArrayList<>();
    numbers.add("18446744073709551615");
    numbers.add("18446744073709551616");
    numbers.add("1844674407370955161");
    numbers.add("9223372036854775808");
    for (int i = 0; i < 1000; i++) {
      numbers.add(Long.toUnsignedString(random.nextLong()));
    }
    for (String number : numbers) {
      Bytes bytes = bytes(number);
      bytes.line();
      assertThat(bytes.number()).as(number).isEqualTo(Double.parseDouble(number));
    }
  }

  @Test
  void givenManyNames_whenAskedAgain_thenTheSameStrings() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      text.append("veth").append(i).append('\n');
    }
    Bytes bytes = bytes(text.toString());
    String[] first = new String[500];
    for (int i = 0; i < 500; i++) {
      bytes.line();
      bytes.field();
      first[i] = bytes.text();
    }
    bytes.reset(bytes.length());

    for (int i = 0; i < 500; i++) {
      bytes.line();
      bytes.field();
      assertThat(bytes.text()).isEqualTo("veth" + i).isSameAs(first[i]);
    }
  }

  private static Bytes bytes(String text) {
    Bytes bytes = new Bytes(0);
    bytes.data = text.getBytes(StandardCharsets.UTF_8);
    bytes.reset(bytes.data.length);
    return bytes;
  }
}
