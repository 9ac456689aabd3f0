"""Files to double-click, for Windows and macOS: check the records, then write the month's report.

They ask for nothing but a month, keep their window open, and quote every path: a folder may be called
`Praxis Müller (neu)`. Neither runs from within the folder, where a stray file could take a program's place.
"""

from __future__ import annotations

from outcomes.first_day.texts import RUNNER

_MACOS = """\
#!/bin/bash
# Double-click on macOS. Checks the records in this folder and writes the report of a month beside it.
here="$(cd -- "$(dirname -- "$0")" >/dev/null && pwd)" || exit 7
cd / || exit 7

finish() {{
  echo
  read -r -p "{close}"
  exit "$1"
}}

program=()
if command -v outcomes >/dev/null 2>&1; then
  program=(outcomes)
else
  for place in "$HOME"/.local/bin/outcomes "$HOME"/Library/Python/3.*/bin/outcomes \\
    /Library/Frameworks/Python.framework/Versions/3.*/bin/outcomes /opt/homebrew/bin/outcomes; do
    if [ -x "$place" ]; then program=("$place"); fi
  done
fi
if [ "${{#program[@]}}" -eq 0 ]; then
  for python in python3 python; do
    if command -v "$python" >/dev/null 2>&1 && "$python" -P -c "import outcomes" >/dev/null 2>&1; then
      program=("$python" -P -m outcomes)
      break
    fi
  done
fi
if [ "${{#program[@]}}" -eq 0 ]; then
  echo "{missing}"
  echo "{missing_help}"
  finish 7
fi

echo "{checking}"
echo
"${{program[@]}}" check "$here"
code=$?
echo
if [ "$code" -eq 4 ]; then
  echo "{ask}"
  read -r -p "{answer}" answer
  if [ "$answer" != "{yes}" ]; then finish 4; fi
elif [ "$code" -ne 0 ]; then
  echo "{stopped}"
  finish "$code"
fi

year=$(date +%Y)
number=$((10#$(date +%m) - 1))
if [ "$number" -eq 0 ]; then
  number=12
  year=$((year - 1))
fi
last=$(printf '%04d-%02d' "$year" "$number")
read -r -p "{month}" month
echo "{writing}"
"${{program[@]}}" report "$here" --month "${{month:-$last}}" --output "$here-reports"
code=$?
echo
if [ "$code" -ne 0 ]; then
  echo "{failed}"
  finish "$code"
fi
echo "{done}"
if command -v open >/dev/null 2>&1; then open "$here-reports" >/dev/null 2>&1; fi
finish 0
"""

# Labels and goto, no blocks in brackets: a bracket in a path would end a block.
_WINDOWS = """\
@echo off
rem Double-click on Windows. Checks the records in this folder and writes the report of a month beside it.
setlocal DisableDelayedExpansion
chcp 65001 >nul
set "HERE=%~dp0"
if "%HERE:~-1%"=="\\" set "HERE=%HERE:~0,-1%"
cd /d "%SystemRoot%"
set "CODE=7"
set "PROGRAM="

where outcomes >nul 2>nul
if not errorlevel 1 set "PROGRAM=outcomes"
if defined PROGRAM goto found
py -3 -P -c "import outcomes" >nul 2>nul
if not errorlevel 1 set "PROGRAM=py -3 -P -m outcomes"
if defined PROGRAM goto found
python -P -c "import outcomes" >nul 2>nul
if not errorlevel 1 set "PROGRAM=python -P -m outcomes"
if defined PROGRAM goto found
echo {missing}
echo {missing_help}
goto finish

:found
echo {checking}
echo.
call %PROGRAM% check "%HERE%"
set "CODE=%ERRORLEVEL%"
echo.
if "%CODE%"=="0" goto month
if "%CODE%"=="4" goto ask
echo {stopped}
goto finish

:ask
echo {ask}
set "ANSWER="
set /p "ANSWER={answer}"
if not defined ANSWER goto finish
set "ANSWER=%ANSWER:"=%"
if /i not "%ANSWER%"=="{yes}" goto finish

:month
set "MONTH="
set "LAST="
set "ASK=(Get-Date).AddMonths(-1).ToString('yyyy-MM',[Globalization.CultureInfo]::InvariantCulture)"
for /f "usebackq delims=" %%M in (`powershell -NoProfile -Command "%ASK%"`) do set "LAST=%%M"
set /p "MONTH={month}"
if not defined MONTH set "MONTH=%LAST%"
if not defined MONTH goto month
set "MONTH=%MONTH:"=%"
echo {writing}
call %PROGRAM% report "%HERE%" --month "%MONTH%" --output "%HERE%-reports"
set "CODE=%ERRORLEVEL%"
echo.
if not "%CODE%"=="0" goto failed
echo {done}
start "" "%HERE%-reports"
goto finish

:failed
echo {failed}

:finish
echo.
set /p "CLOSE={close}"
exit /b %CODE%
"""


def macos_runner() -> bytes:
    """`check-and-report.command`."""
    return _MACOS.format(**{**RUNNER, "month": RUNNER["month"].format(month="$last")}).encode("ascii")


def windows_runner() -> bytes:
    """`check-and-report.bat`, with the line ends that Windows wants."""
    text = _WINDOWS.format(**{**RUNNER, "month": RUNNER["month"].format(month="%LAST%")})
    return text.replace("\n", "\r\n").encode("ascii")
