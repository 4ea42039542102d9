using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Aivm.Tests.ConsensusRules;

/// <summary>
/// Finds floating point in an assembly's metadata and IL: types of fields, parameters, results and locals, float opcodes, and everything
/// from elsewhere that is called or read with a float in its signature. A list of banned symbols cannot see operators; the IL can.
/// </summary>
internal static class FloatScanner
{
    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(opCode => opCode.Value & 0xFFFF);

    private static readonly HashSet<OpCode> FloatOpCodes =
    [
        OpCodes.Ldc_R4, OpCodes.Ldc_R8, OpCodes.Conv_R4, OpCodes.Conv_R8, OpCodes.Conv_R_Un, OpCodes.Ldelem_R4, OpCodes.Ldelem_R8,
        OpCodes.Stelem_R4, OpCodes.Stelem_R8, OpCodes.Ldind_R4, OpCodes.Ldind_R8, OpCodes.Stind_R4, OpCodes.Stind_R8, OpCodes.Ckfinite,
    ];

    private static readonly HashSet<string> FloatTypes =
        ["System.Single", "System.Double", "System.Half", "System.Decimal", "System.Runtime.InteropServices.NFloat", "System.Numerics.BFloat16"];

    /// <summary>One line for each find: where it is and what was found, in the order of the metadata.</summary>
    public static IReadOnlyList<string> Scan(string assemblyPath, Func<string, bool>? includeType = null)
    {
        using var file = new PEReader(File.OpenRead(assemblyPath));
        var metadata = file.GetMetadataReader();
        var finds = new List<string>();
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            var name = NameOf(metadata, handle);
            if (includeType is null || includeType(name))
                ScanType(file, metadata, type, name, finds);
        }
        return finds;
    }

    private static void ScanType(PEReader file, MetadataReader metadata, TypeDefinition type, string name, List<string> finds)
    {
        foreach (var handle in type.GetFields())
        {
            var field = metadata.GetFieldDefinition(handle);
            if (field.DecodeSignature(FloatFinder.Instance, null))
                finds.Add($"{name}.{metadata.GetString(field.Name)}: a field with a floating-point type");
        }
        foreach (var handle in type.GetMethods())
        {
            var method = metadata.GetMethodDefinition(handle);
            var where = $"{name}.{metadata.GetString(method.Name)}";
            if (HasFloat(method.DecodeSignature(FloatFinder.Instance, null)))
                finds.Add($"{where}: a parameter or result with a floating-point type");
            if (method.RelativeVirtualAddress != 0)
                ScanBody(file.GetMethodBody(method.RelativeVirtualAddress), metadata, where, finds);
        }
    }

    private static void ScanBody(MethodBodyBlock body, MetadataReader metadata, string where, List<string> finds)
    {
        if (!body.LocalSignature.IsNil
            && metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(FloatFinder.Instance, null).Contains(true))
            finds.Add($"{where}: a local variable with a floating-point type");

        var il = body.GetILReader();
        while (il.RemainingBytes > 0)
        {
            var offset = il.Offset;
            var opCode = ReadOpCode(ref il);
            if (FloatOpCodes.Contains(opCode))
                finds.Add($"{where}: {opCode.Name} at IL_{offset:x4}");
            if (opCode.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                var token = MetadataTokens.EntityHandle(il.ReadInt32());
                if (IsFloatToken(metadata, token))
                    finds.Add($"{where}: {opCode.Name} of {NameOf(metadata, token)} at IL_{offset:x4}");
            }
            else
            {
                SkipOperand(ref il, opCode);
            }
        }
    }

    private static OpCode ReadOpCode(ref BlobReader il)
    {
        int value = il.ReadByte();
        if (value == 0xFE)
            value = (value << 8) | il.ReadByte();
        return OpCodesByValue[value];
    }

    private static void SkipOperand(ref BlobReader il, OpCode opCode)
    {
        var size = opCode.OperandType switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            OperandType.InlineSwitch => checked(4 * il.ReadInt32()),
            _ => 4,
        };
        il.Offset += size;
    }

    /// <summary>Whether a method, field or type named by an instruction is a float, belongs to a float type or has one in its signature.</summary>
    private static bool IsFloatToken(MetadataReader metadata, EntityHandle token)
    {
        switch (token.Kind)
        {
            case HandleKind.TypeReference or HandleKind.TypeDefinition:
                return FloatTypes.Contains(NameOf(metadata, token));
            case HandleKind.TypeSpecification:
                return metadata.GetTypeSpecification((TypeSpecificationHandle)token).DecodeSignature(FloatFinder.Instance, null);
            case HandleKind.MemberReference:
                var member = metadata.GetMemberReference((MemberReferenceHandle)token);
                return IsFloatToken(metadata, member.Parent)
                    || (member.GetKind() == MemberReferenceKind.Field
                        ? member.DecodeFieldSignature(FloatFinder.Instance, null)
                        : HasFloat(member.DecodeMethodSignature(FloatFinder.Instance, null)));
            case HandleKind.MethodSpecification:
                var specification = metadata.GetMethodSpecification((MethodSpecificationHandle)token);
                return specification.DecodeSignature(FloatFinder.Instance, null).Contains(true) || IsFloatToken(metadata, specification.Method);
            case HandleKind.MethodDefinition:
                return HasFloat(metadata.GetMethodDefinition((MethodDefinitionHandle)token).DecodeSignature(FloatFinder.Instance, null));
            case HandleKind.FieldDefinition:
                return metadata.GetFieldDefinition((FieldDefinitionHandle)token).DecodeSignature(FloatFinder.Instance, null);
            default:
                return false;
        }
    }

    private static bool HasFloat(MethodSignature<bool> signature) => signature.ReturnType || signature.ParameterTypes.Contains(true);

    private static string NameOf(MetadataReader metadata, EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                var type = metadata.GetTypeDefinition((TypeDefinitionHandle)handle);
                var declaring = type.GetDeclaringType();
                return declaring.IsNil
                    ? Join(metadata, type.Namespace, type.Name)
                    : $"{NameOf(metadata, declaring)}.{metadata.GetString(type.Name)}";
            case HandleKind.TypeReference:
                var reference = metadata.GetTypeReference((TypeReferenceHandle)handle);
                return Join(metadata, reference.Namespace, reference.Name);
            case HandleKind.MemberReference:
                var member = metadata.GetMemberReference((MemberReferenceHandle)handle);
                return $"{NameOf(metadata, member.Parent)}.{metadata.GetString(member.Name)}";
            case HandleKind.MethodSpecification:
                return NameOf(metadata, metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method);
            case HandleKind.MethodDefinition:
                var method = metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                return $"{NameOf(metadata, method.GetDeclaringType())}.{metadata.GetString(method.Name)}";
            case HandleKind.FieldDefinition:
                var field = metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                return $"{NameOf(metadata, field.GetDeclaringType())}.{metadata.GetString(field.Name)}";
            default:
                return "a constructed type";
        }
    }

    private static string Join(MetadataReader metadata, StringHandle space, StringHandle name) =>
        space.IsNil ? metadata.GetString(name) : $"{metadata.GetString(space)}.{metadata.GetString(name)}";

    /// <summary>Decodes a signature into whether it names a float anywhere: in an array, a generic argument, by reference.</summary>
    private sealed class FloatFinder : ISignatureTypeProvider<bool, object?>
    {
        public static readonly FloatFinder Instance = new();

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode is PrimitiveTypeCode.Single or PrimitiveTypeCode.Double;

        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => false;

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            FloatTypes.Contains(NameOf(reader, handle));

        public bool GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, context);

        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => genericType || typeArguments.Contains(true);

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => HasFloat(signature);

        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => unmodifiedType;

        public bool GetArrayType(bool elementType, ArrayShape shape) => elementType;

        public bool GetSZArrayType(bool elementType) => elementType;

        public bool GetByReferenceType(bool elementType) => elementType;

        public bool GetPointerType(bool elementType) => elementType;

        public bool GetPinnedType(bool elementType) => elementType;

        public bool GetGenericMethodParameter(object? context, int index) => false;

        public bool GetGenericTypeParameter(object? context, int index) => false;
    }
}
