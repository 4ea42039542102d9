using Aivm.Primitives;

namespace Aivm.Chain;

/// <summary>Why the Models contract and model accounts revert.</summary>
internal static class ModelsErrors
{
    private static readonly AbiError WrongDepositError = new("WrongDeposit", "uint256 required");
    private static readonly AbiError InvalidSizeError = new("InvalidSize", "uint32 size", "uint32 limit");
    private static readonly AbiError UploadExistsError = new("UploadExists", "bytes32 hash");
    private static readonly AbiError UploadNotFoundError = new("UploadNotFound", "bytes32 hash");
    private static readonly AbiError UploadExpiredError = new("UploadExpired", "uint64 expiresAt");
    private static readonly AbiError UploadNotExpiredError = new("UploadNotExpired", "uint64 expiresAt");
    private static readonly AbiError UploadIncompleteError = new("UploadIncomplete", "uint32 received", "uint32 size");
    private static readonly AbiError ChunkOutOfOrderError = new("ChunkOutOfOrder", "uint32 expected");
    private static readonly AbiError ChunkMismatchError = new("ChunkMismatch", "uint32 offset");
    private static readonly AbiError WrongChunkLengthError = new("WrongChunkLength", "uint32 length", "uint32 least", "uint32 most");
    private static readonly AbiError HashMismatchError = new("HashMismatch", "bytes32 actual");
    private static readonly AbiError InvalidModelError = new("InvalidModel", "string code", "string reason");
    private static readonly AbiError AlreadyPublishedError = new("AlreadyPublished", "address model");
    private static readonly AbiError InvalidNameError = new("InvalidName", "string name");
    private static readonly AbiError MetadataTooLongError = new("MetadataTooLong", "uint256 length", "uint256 limit");
    private static readonly AbiError InvalidMetadataError = new("InvalidMetadata");
    private static readonly AbiError NotAModelError = new("NotAModel", "address account");
    private static readonly AbiError ModelNotFoundError = new("ModelNotFound", "string name");
    private static readonly AbiError InsufficientPaymentError = new("InsufficientPayment", "uint256 price", "uint256 value");
    private static readonly AbiError InvalidInputError = new("InvalidInput", "string code", "string reason");
    private static readonly AbiError NotOwnerError = new("NotOwner", "address owner");
    private static readonly AbiError InvalidOwnerError = new("InvalidOwner");
    private static readonly AbiError IndexOutOfRangeError = new("IndexOutOfRange", "uint256 count");
    private static readonly AbiError PrivateWeightsError = new("PrivateWeights", "address model");
    private static readonly AbiError WrongRootError = new("WrongRoot", "bytes32 expected");
    private static readonly AbiError RootExistsError = new("RootExists", "bytes32 root");
    private static readonly AbiError InvalidProofError = new("InvalidProof", "string code", "string reason");
    private static readonly AbiError InvalidOffChainKindError = new("InvalidOffChainKind", "uint8 kind");
    private static readonly AbiError InvalidOffChainSizeError = new("InvalidOffChainSize", "uint64 size", "uint64 limit");
    private static readonly AbiError InvalidOffChainGasError = new("InvalidOffChainGas", "uint64 gas", "uint64 limit");
    private static readonly AbiError OffChainModelError = new("OffChainModel", "address model");

    /// <summary>All of them, for tools that decode revert data.</summary>
    public static readonly IReadOnlyList<AbiError> All =
    [
        .. ContractErrors.All, WrongDepositError, InvalidSizeError, UploadExistsError,
        UploadNotFoundError, UploadExpiredError, UploadNotExpiredError, UploadIncompleteError, ChunkOutOfOrderError, ChunkMismatchError,
        WrongChunkLengthError, HashMismatchError, InvalidModelError, AlreadyPublishedError, InvalidNameError, MetadataTooLongError,
        InvalidMetadataError, NotAModelError, ModelNotFoundError, InsufficientPaymentError, InvalidInputError, NotOwnerError,
        InvalidOwnerError, IndexOutOfRangeError, PrivateWeightsError, WrongRootError, RootExistsError, InvalidProofError,
        InvalidOffChainKindError, InvalidOffChainSizeError, InvalidOffChainGasError, OffChainModelError,
    ];

    public static CallFailure WrongDeposit(UInt256 required) =>
        CallFailure.Revert(WrongDepositError, WrongDepositError.BeginRevert().WriteUInt(required), $"the deposit is {required} wei");

    public static CallFailure InvalidSize(uint size, int limit) => CallFailure.Revert(
        InvalidSizeError, InvalidSizeError.BeginRevert().WriteUInt(size).WriteUInt((ulong)limit), $"{size} bytes; a model has 1 to {limit}");

    public static CallFailure UploadExists(Hash256 hash) =>
        CallFailure.Revert(UploadExistsError, UploadExistsError.BeginRevert().WriteHash(hash), $"the upload of {hash} has begun already");

    public static CallFailure UploadNotFound(Hash256 hash) =>
        CallFailure.Revert(UploadNotFoundError, UploadNotFoundError.BeginRevert().WriteHash(hash), $"there is no upload of {hash}");

    public static CallFailure UploadExpired(ulong expiresAt) =>
        CallFailure.Revert(UploadExpiredError, UploadExpiredError.BeginRevert().WriteUInt(expiresAt), $"the upload expired at block {expiresAt}");

    public static CallFailure UploadNotExpired(ulong expiresAt) => CallFailure.Revert(
        UploadNotExpiredError, UploadNotExpiredError.BeginRevert().WriteUInt(expiresAt), $"until block {expiresAt} only the publisher may remove it");

    public static CallFailure UploadIncomplete(uint received, uint size) => CallFailure.Revert(
        UploadIncompleteError, UploadIncompleteError.BeginRevert().WriteUInt(received).WriteUInt(size), $"{received} of {size} bytes have arrived");

    public static CallFailure ChunkOutOfOrder(uint expected) =>
        CallFailure.Revert(ChunkOutOfOrderError, ChunkOutOfOrderError.BeginRevert().WriteUInt(expected), $"the next chunk begins at {expected}");

    public static CallFailure ChunkMismatch(uint offset) => CallFailure.Revert(
        ChunkMismatchError, ChunkMismatchError.BeginRevert().WriteUInt(offset), $"another chunk is stored at {offset}");

    public static CallFailure WrongChunkLength(int length, uint least, uint most) => CallFailure.Revert(
        WrongChunkLengthError, WrongChunkLengthError.BeginRevert().WriteUInt((ulong)length).WriteUInt(least).WriteUInt(most),
        $"the chunk has {length} bytes; {least} to {most} fit here");

    public static CallFailure HashMismatch(Hash256 actual) =>
        CallFailure.Revert(HashMismatchError, HashMismatchError.BeginRevert().WriteHash(actual), $"the container's hash is {actual}");

    public static CallFailure InvalidModel(Error error) =>
        CallFailure.Revert(InvalidModelError, InvalidModelError.BeginRevert().WriteString(error.Code).WriteString(error.Message), error.ToString());

    public static CallFailure AlreadyPublished(Address model) => CallFailure.Revert(
        AlreadyPublishedError, AlreadyPublishedError.BeginRevert().WriteAddress(model), $"the model is published at {model}");

    public static CallFailure InvalidName(string name) => CallFailure.Revert(
        InvalidNameError, InvalidNameError.BeginRevert().WriteString(name), "a name has 1 to 64 of a-z 0-9 . _ - and begins with a letter or a digit");

    public static CallFailure MetadataTooLong(int length, int limit) => CallFailure.Revert(
        MetadataTooLongError, MetadataTooLongError.BeginRevert().WriteUInt((ulong)length).WriteUInt((ulong)limit), $"{length} bytes of metadata; the limit is {limit}");

    public static CallFailure InvalidMetadata() =>
        CallFailure.Revert(InvalidMetadataError, InvalidMetadataError.BeginRevert(), "the metadata is not UTF-8");

    public static CallFailure NotAModel(Address account) =>
        CallFailure.Revert(NotAModelError, NotAModelError.BeginRevert().WriteAddress(account), $"{account} is not a model");

    public static CallFailure ModelNotFound(string name) =>
        CallFailure.Revert(ModelNotFoundError, ModelNotFoundError.BeginRevert().WriteString(name), "no model has this name");

    public static CallFailure InsufficientPayment(UInt256 price, UInt256 value) => CallFailure.Revert(
        InsufficientPaymentError, InsufficientPaymentError.BeginRevert().WriteUInt(price).WriteUInt(value), $"the price is {price} wei, the value {value}");

    public static CallFailure InvalidInput(Error error) =>
        CallFailure.Revert(InvalidInputError, InvalidInputError.BeginRevert().WriteString(error.Code).WriteString(error.Message), error.ToString());

    public static CallFailure NotOwner(Address owner) =>
        CallFailure.Revert(NotOwnerError, NotOwnerError.BeginRevert().WriteAddress(owner), $"the owner is {owner}");

    public static CallFailure InvalidOwner() =>
        CallFailure.Revert(InvalidOwnerError, InvalidOwnerError.BeginRevert(), "the zero address owns nothing");

    public static CallFailure PrivateWeights(Address model) => CallFailure.Revert(
        PrivateWeightsError, PrivateWeightsError.BeginRevert().WriteAddress(model),
        "the model's weights are private: its owner runs it, and verifyProof checks what it gave");

    public static CallFailure WrongRoot(Hash256 expected) => CallFailure.Revert(
        WrongRootError, WrongRootError.BeginRevert().WriteHash(expected), $"the first root is that of the model's container, {expected}");

    public static CallFailure RootExists(Hash256 root) =>
        CallFailure.Revert(RootExistsError, RootExistsError.BeginRevert().WriteHash(root), "the root is registered already");

    public static CallFailure InvalidProof(Error error) =>
        CallFailure.Revert(InvalidProofError, InvalidProofError.BeginRevert().WriteString(error.Code).WriteString(error.Message), error.ToString());

    public static CallFailure InvalidOffChainKind(byte kind) => CallFailure.Revert(
        InvalidOffChainKindError, InvalidOffChainKindError.BeginRevert().WriteUInt((ulong)kind),
        $"there is no kind {kind} of model off the chain: 1 is an AIVM-Q container, 2 an ONNX file");

    public static CallFailure InvalidOffChainSize(ulong size, ulong limit) => CallFailure.Revert(
        InvalidOffChainSizeError, InvalidOffChainSizeError.BeginRevert().WriteUInt(size).WriteUInt(limit), $"{size} bytes; a model off the chain has 1 to {limit}");

    public static CallFailure InvalidOffChainGas(ulong gas, ulong limit) => CallFailure.Revert(
        InvalidOffChainGasError, InvalidOffChainGasError.BeginRevert().WriteUInt(gas).WriteUInt(limit), $"{gas} gas a run; declare 1 to {limit}");

    public static CallFailure OffChainModel(Address model) => CallFailure.Revert(
        OffChainModelError, OffChainModelError.BeginRevert().WriteAddress(model),
        "the model lies off the chain: request a job with evidence of trusted hardware");

    public static CallFailure IndexOutOfRange(UInt256 count) =>
        CallFailure.Revert(IndexOutOfRangeError, IndexOutOfRangeError.BeginRevert().WriteUInt(count), $"there are {count}");
}
