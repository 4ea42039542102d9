using System.Text.Json;
using System.Text.Json.Serialization;

namespace Aivm.Cli.Output;

/// <summary>Writes hashes and addresses as their text, 0x and hexadecimal digits. Reading is not needed.</summary>
internal sealed class HexJson<T> : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value!.ToString());
}
