using System.CommandLine;

namespace Aivm.Cli.Commands;

/// <summary><c>aivm model</c>.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Compile, run, publish and find models.")
    {
        ModelCompileCommand.Create(),
        ModelRunCommand.Create(),
        ModelPublishCommand.Create(),
        ModelShowCommand.Create(),
        ModelListCommand.Create(),
    };
}
