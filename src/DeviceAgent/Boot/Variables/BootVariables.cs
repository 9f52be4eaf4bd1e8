using System.Collections;

namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>The variables of a bootloader's environment, in the order in which they stand there. Most of them are not ours, and are left as they are.</summary>
internal sealed class BootVariables : IEnumerable<KeyValuePair<string, string>>
{
    private readonly IReadOnlyList<KeyValuePair<string, string>> _variables;

    /// <summary>Variables in their order; of two of one name the later one counts.</summary>
    public BootVariables(IEnumerable<KeyValuePair<string, string>> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        _variables = [.. variables];
    }

    /// <summary>The value of a variable, or null when there is none of that name.</summary>
    public string? Find(string name)
    {
        for (int i = _variables.Count - 1; i >= 0; i--)
        {
            if (_variables[i].Key == name)
            {
                return _variables[i].Value;
            }
        }

        return null;
    }

    /// <summary>The variables with another value of one, in its place, or at the end if it is new.</summary>
    public BootVariables With(string name, string value)
    {
        KeyValuePair<string, string> changed = new(name, value);
        return Find(name) is null
            ? new BootVariables([.. _variables, changed])
            : new BootVariables(_variables.Select(variable => variable.Key == name ? changed : variable));
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _variables.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
