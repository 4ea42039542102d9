using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Evidence and the certificates beside it, as calldata hold them.</summary>
internal sealed record EvidenceBytes(ReadOnlyMemory<byte> Evidence, IReadOnlyList<ReadOnlyMemory<byte>> Certificates)
{
    public long Length => Evidence.Length + Certificates.Sum(certificate => (long)certificate.Length);

    /// <summary>Reads <c>bytes evidence, bytes[] certificates</c>.</summary>
    public static bool TryRead(ref AbiReader arguments, out EvidenceBytes given)
    {
        given = new EvidenceBytes(default, []);
        if (!arguments.TryReadBytes(out var evidence) || !arguments.TryEnterArray(out var count))
            return false;
        var certificates = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < count; i++)
        {
            if (!arguments.TryReadBytes(out var certificate))
                return false;
            certificates.Add(certificate.ToArray());
        }
        given = new EvidenceBytes(evidence.ToArray(), certificates);
        return arguments.TryLeave();
    }
}
