namespace Fota.Signer.Tests;

/// <summary>What a command prints, and what a test does when it first prints this.</summary>
internal sealed class WatchedWriter(string awaited, Action then) : StringWriter
{
    private bool _seen;

    public override async Task WriteLineAsync(string? value)
    {
        await base.WriteLineAsync(value);
        if (!_seen && value?.Contains(awaited, StringComparison.Ordinal) is true)
        {
            _seen = true;
            then();
        }
    }
}
