using System.Globalization;
using Aivm.Attestation;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>A tree of files in a folder that does what the kernel does in configfs: a new directory has its fields, a write raises the generation.</summary>
internal sealed class FakeTsm(string root, string provider, byte[] report) : TsmFiles(root)
{
    public byte[] AuxBlob { get; init; } = [];

    /// <summary>How often the field is written, where another process writes too.</summary>
    public int Writes { get; init; } = 1;

    public byte[]? InBlob { get; private set; }

    public override void Make(string request)
    {
        base.Make(request);
        Put(request, "generation", "0\n"u8.ToArray());
        Put(request, "provider", System.Text.Encoding.ASCII.GetBytes(provider));
        Put(request, "inblob", []);
        Put(request, "auxblob", AuxBlob);
    }

    public override void Write(string request, string field, ReadOnlySpan<byte> value)
    {
        base.Write(request, field, value);
        InBlob = File.ReadAllBytes(Path.Combine(PathOf(request), field));
        Put(request, "outblob", report);
        Put(request, "generation", System.Text.Encoding.ASCII.GetBytes(Writes.ToString(CultureInfo.InvariantCulture) + "\n"));
    }

    public override void Remove(string request) => Directory.Delete(PathOf(request), recursive: true);

    private void Put(string request, string field, byte[] value) => File.WriteAllBytes(Path.Combine(PathOf(request), field), value);
}
