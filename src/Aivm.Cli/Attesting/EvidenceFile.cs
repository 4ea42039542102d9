using System.Buffers.Text;
using System.Text;
using Aivm.Attestation;
using Aivm.Compiler.Inputs;

namespace Aivm.Cli.Attesting;

/// <summary>Evidence on disk: the bytes themselves, or their hexadecimal digits or base64 in text, however the lines are broken.</summary>
internal static class EvidenceFile
{
    /// <summary>Two digits a byte, and line breaks.</summary>
    private const int MaxBytes = 3 * Evidence.MaxBytes;

    public static byte[] Read(FileInfo file) => Decode(BoundedFile.Read(file.FullName, MaxBytes, "evidence-too-large"));

    /// <summary>Binary evidence is never taken for text: each of its formats has bytes that no text has.</summary>
    private static byte[] Decode(byte[] bytes)
    {
        var text = bytes.Where(letter => !IsBlank(letter)).ToArray();
        if (text.Length == 0 || !text.All(letter => Ascii.IsValid(letter) && !char.IsControl((char)letter)))
            return bytes;
        if (Primitives.Hex.TryDecode(Encoding.ASCII.GetString(text), out var digits))
            return digits;
        var decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, decoded, out _, out var length) == System.Buffers.OperationStatus.Done ? decoded[..length] : bytes;
    }

    private static bool IsBlank(byte letter) => letter is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
