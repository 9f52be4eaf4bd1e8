using Fota.TestKit;

namespace Fota.Benchmarks;

/// <summary>The people's tool, as ./build puts it into dist.</summary>
internal static class FotaProgram
{
    private static readonly string s_path = RepositoryRoot.Path("dist", "fota");

    /// <exception cref="ToolFailedException">There is none, or it failed.</exception>
    public static Task<MeasuredRun> RunAsync(string folder, CancellationToken cancellation, params string[] arguments) => File.Exists(s_path)
        ? MeasuredRun.OfAsync(folder, s_path, arguments, cancellation)
        : throw new ToolFailedException("wanted dist/fota, got none; ./build makes it");
}
