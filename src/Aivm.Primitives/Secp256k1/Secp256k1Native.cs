using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Aivm.Primitives;

/// <summary>
/// libsecp256k1 with its recovery module. The library aborts the process on arguments that its documentation forbids, so
/// every argument is checked here first.
/// </summary>
public sealed unsafe class Secp256k1Native : ISecp256k1
{
    private const uint ContextSignVerify = 0x301;
    private const uint Uncompressed = 0x2;
    private const int SerializedPublicKeySize = 65;
    private const int MaxRecoveryId = 3;

    // Opaque to callers; the header fixes these sizes.
    private const int OpaqueSignatureSize = 65;
    private const int OpaquePublicKeySize = 64;

    /// <summary>Of the generator's coordinates; its last 20 bytes are the address of the key 1.</summary>
    private static readonly Hash256 KnownPublicKeyHash = Hash256.Parse("0xc0a6c424ac7157ae408398df7e5f4552091a69125d5dfcb7b8c2659029395bdf");

    private static readonly string[] Names =
        ["libsecp256k1.so.6", "libsecp256k1.so.2", "libsecp256k1.so.1", "libsecp256k1", "secp256k1"];

    // Created once and only read afterwards, which the library allows from any number of threads.
    private readonly nint _context;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int> _parseCompact;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int> _recover;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int> _serializePublicKey;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int> _createPublicKey;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, nuint, int> _parsePublicKey;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int> _sign;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int> _serializeCompact;

    private Secp256k1Native(nint library)
    {
        var createContext = (delegate* unmanaged[Cdecl]<uint, nint>)Export(library, "context_create");
        _parseCompact = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int>)Export(library, "ecdsa_recoverable_signature_parse_compact");
        _recover = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int>)Export(library, "ecdsa_recover");
        _serializePublicKey = (delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int>)Export(library, "ec_pubkey_serialize");
        _createPublicKey = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int>)Export(library, "ec_pubkey_create");
        _parsePublicKey = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, nuint, int>)Export(library, "ec_pubkey_parse");
        _sign = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int>)Export(library, "ecdsa_sign_recoverable");
        _serializeCompact = (delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int>)Export(library, "ecdsa_recoverable_signature_serialize_compact");
        _context = createContext(ContextSignVerify);
    }

    /// <summary>Finds the library; false where the system has none, or none that has the recovery module and gives a known answer.</summary>
    public static bool TryLoad([NotNullWhen(true)] out Secp256k1Native? native)
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
                continue;
            try
            {
                native = new Secp256k1Native(library);
                if (native._context != 0 && native.GivesKnownAnswer())
                    return true;
            }
            catch (EntryPointNotFoundException)
            {
                // Built without the recovery module.
            }
            NativeLibrary.Free(library);
        }
        native = null;
        return false;
    }

    public bool TryRecover(in Hash256 hash, in Signature signature, Span<byte> publicKey)
    {
        if (signature.YParity > MaxRecoveryId || !Secp256k1.IsScalar(signature.R) || !Secp256k1.IsScalar(signature.S))
            return false;
        Span<byte> compact = stackalloc byte[2 * UInt256.Size];
        signature.R.WriteBigEndian(compact);
        signature.S.WriteBigEndian(compact[UInt256.Size..]);
        var opaqueSignature = stackalloc byte[OpaqueSignatureSize];
        var opaqueKey = stackalloc byte[OpaquePublicKeySize];
        fixed (byte* compactBytes = compact, hashBytes = hash.Span)
        {
            if (_parseCompact(_context, opaqueSignature, compactBytes, signature.YParity) != 1
                || _recover(_context, opaqueKey, opaqueSignature, hashBytes) != 1)
                return false;
        }
        Serialize(opaqueKey, publicKey);
        return true;
    }

    public bool TrySign(in Hash256 hash, ReadOnlySpan<byte> key, out Signature signature)
    {
        signature = default;
        if (!Secp256k1.IsKey(key))
            return false;
        // Versions of the library differ in whether a hash beyond the order is reduced before it seeds the nonce; RFC 6979 reduces.
        var reduced = UInt256.FromBigEndian(hash.Span);
        if (reduced >= Secp256k1.Order)
            reduced -= Secp256k1.Order;
        Span<byte> message = stackalloc byte[Hash256.Size];
        reduced.WriteBigEndian(message);
        Span<byte> compact = stackalloc byte[2 * UInt256.Size];
        var opaque = stackalloc byte[OpaqueSignatureSize];
        int recoveryId;
        fixed (byte* compactBytes = compact, messageBytes = message, keyBytes = key)
        {
            if (_sign(_context, opaque, messageBytes, keyBytes, 0, 0) != 1
                || _serializeCompact(_context, compactBytes, &recoveryId, opaque) != 1)
                return false;
        }
        signature = new Signature(
            UInt256.FromBigEndian(compact[..UInt256.Size]), UInt256.FromBigEndian(compact[UInt256.Size..]), (byte)recoveryId);
        return true;
    }

    public bool TryGetPublicKey(ReadOnlySpan<byte> key, Span<byte> publicKey)
    {
        if (!Secp256k1.IsKey(key))
            return false;
        var opaqueKey = stackalloc byte[OpaquePublicKeySize];
        fixed (byte* keyBytes = key)
        {
            if (_createPublicKey(_context, opaqueKey, keyBytes) != 1)
                return false;
        }
        Serialize(opaqueKey, publicKey);
        return true;
    }

    public bool TryDecompress(ReadOnlySpan<byte> compressed, Span<byte> publicKey)
    {
        if (compressed.Length != Secp256k1.CompressedKeySize)
            return false;
        var opaqueKey = stackalloc byte[OpaquePublicKeySize];
        fixed (byte* bytes = compressed)
        {
            if (_parsePublicKey(_context, opaqueKey, bytes, (nuint)compressed.Length) != 1)
                return false;
        }
        Serialize(opaqueKey, publicKey);
        return true;
    }

    /// <summary>A library under the right name that answers otherwise would take its node off the chain; better to do without it.</summary>
    private bool GivesKnownAnswer()
    {
        // The key 1 has the generator as its public key.
        var key = UInt256.One.ToHash256();
        var hash = Keccak.Hash(key.Span);
        Span<byte> publicKey = stackalloc byte[Secp256k1.PublicKeySize];
        return TrySign(hash, key.Span, out var signature)
            && TryRecover(hash, signature, publicKey)
            && Keccak.Hash(publicKey) == KnownPublicKeyHash;
    }

    private void Serialize(byte* opaqueKey, Span<byte> publicKey)
    {
        var serialized = stackalloc byte[SerializedPublicKeySize];
        nuint length = SerializedPublicKeySize;
        _serializePublicKey(_context, serialized, &length, opaqueKey, Uncompressed);
        new ReadOnlySpan<byte>(serialized + 1, Secp256k1.PublicKeySize).CopyTo(publicKey);
    }

    private static nint Export(nint library, string function) => NativeLibrary.GetExport(library, "secp256k1_" + function);
}
