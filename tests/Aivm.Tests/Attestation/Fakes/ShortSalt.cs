using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace Aivm.Tests.Attestation.Fakes;

/// <summary>PSS with SHA-384 and a salt of 20 bytes, which the platform's own implementation does not make.</summary>
internal static class ShortSalt
{
    public static byte[] Sign(RSA key, byte[] data)
    {
        var signer = new PssSigner(new RsaBlindedEngine(), new Sha384Digest(), 20);
        signer.Init(forSigning: true, DotNetUtilities.GetRsaKeyPair(key).Private);
        signer.BlockUpdate(data, 0, data.Length);
        return signer.GenerateSignature();
    }
}
