using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>Signs certificates as AMD does, under the AlgorithmIdentifier that its certificates have; the platform's own generator writes another one.</summary>
/// <param name="sign">How it really signs, for tests that lie about it.</param>
internal sealed class PssGenerator(RSA key, Func<RSA, byte[], byte[]>? sign = null) : X509SignatureGenerator
{
    private static readonly byte[] Identifier = Convert.FromHexString(
        "304106092A864886F70D01010A3034A00F300D06096086480165030402020500A11C301A06092A864886F70D010108300D06096086480165030402020500A203020130");

    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => Identifier;

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
        sign?.Invoke(key, data) ?? key.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);

    protected override PublicKey BuildPublicKey() => new(key);
}
