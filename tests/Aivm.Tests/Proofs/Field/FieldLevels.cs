using Aivm.Proofs;

namespace Aivm.Tests.Proofs.Field;

/// <summary>Tests that set the level of the kernels run one after the other.</summary>
[CollectionDefinition(nameof(FieldSimd), DisableParallelization = true)]
public sealed class FieldLevels
{
    internal static void At(FieldLevel level, Action test)
    {
        var before = FieldSimd.Level;
        FieldSimd.Level = level;
        try
        {
            test();
        }
        finally
        {
            FieldSimd.Level = before;
        }
    }
}
