using System.Globalization;

namespace Fota.Signer.Commands;

/// <summary>One line on a terminal that is written over while work goes on; nothing where nobody watches.</summary>
internal sealed class ProgressLine(SignerHost host, string what) : IProgress<(int Done, int All)>
{
    private int _shown = -1;

    public void Report((int Done, int All) value)
    {
        int percent = (int)(100L * value.Done / value.All);
        if (!host.IsInteractive || percent == _shown)
        {
            return;
        }

        _shown = percent;
        host.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{what} {percent,3} %{(value.Done == value.All ? "\n" : "")}"));
    }
}
