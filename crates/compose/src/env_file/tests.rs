use super::*;

fn read(content: &[u8]) -> Result<Vec<(usize, String)>, InvalidEnvFile> {
    Environment::default().read(content)
}

/// The lines of the variables that are told, or the line of the fault; as docker compose 2.26 takes and refuses them.
#[track_caller]
fn assert_read(text: &str, lines: Result<&[usize], usize>) {
    let told = read(text.as_bytes());
    let told = told.map(|bare| bare.into_iter().map(|(line, _)| line).collect::<Vec<_>>()).map_err(|error| error.line);
    assert_eq!(told, lines.map(<[usize]>::to_vec), "{text:?}");
}

#[test]
fn what_compose_takes_is_taken() {
    for text in [
        "",
        "\n\n",
        "#",
        "A=1",
        "A\n",
        "A =1\n",
        "A: 1\nB:2",
        "export A=1\nexport B\nexport=1\nexport\nexportA=1\n",
        "A\tB=1\nA.B=1\nA-B=1\nA[0]=1\n1A=1\né=1\n",
        "# c\nA=1 # x\nB=2#y\nC='q' # z\n",
        "A='a\nb'\nB=\"c\nd\"\n",
        "A='it\\'s'\nB=\"a\\n\\\"q\\\" \\$X $$Y\"\n",
        "A='x'y\nB=\"x\"y=1\nC='x' D=2\n",
        "A=${X:-d}${Y-e}${Z:+y}\n",
        "A=$\nB=$1\nC=$(x)\n",
        "A='${'\nB='$X'\nC: '$X'\n",
        "A=$$X\nB=\"\\$X\\${X}\\$\"\n",
        "A=1\nB=$A${A}\nA=$A/x\n",
        "\u{feff}A=1\n",
        "A=1\r\nB=\"x\r\ny\"\r\nC\r\n",
        "A=[1]\nB=a=b\nC=\nD=''\nE=#x\nF= #x\n",
        "A=x #$Y\n",
        "A=\\\nB=\"\\x\\101\\c\"\nC=\"x\\\\\"\n",
        "\u{b}A=1\nB\u{a0}=1\n\u{2028}C=1\n",
        "A=1;B=2\nC=x'y\nD=x\"y z\n",
        "A=${DISTR_REGISTRY}/a\nB=$COMPOSE_PROJECT_NAME\n",
    ] {
        assert_read(text, Ok(&[]));
    }
}

#[test]
fn what_compose_refuses_is_refused_with_its_line() {
    for (text, line) in [
        ("A B=1\n", 1),
        ("A=1\nA B=2\nC=3\n", 2),
        ("A B\nC=1\n", 1),
        ("- A=1\n", 1),
        ("EXPORT A=1\n", 1),
        ("# c\n\na!b=1\n", 3),
        ("{A: 1}\n", 1),
        ("'A'=1\n", 1),
        ("A='x\ny'\nB,C=1", 3),
        ("A=1\nB='unclosed\nC=2\n", 2),
        ("A=\"unclosed\nB=2\n", 1),
        ("A=\"\\\"\n", 1),
        ("A=${\n", 1),
        ("A=1\nB=\"${\"\n", 2),
        ("A=${X Y}\n", 1),
        ("A=${A.B}\n", 1),
        ("A=\"${X:-a\nb}\"\n", 1),
        ("A=\"${X:-a\\nb}\"\n", 1),
        // compose takes these, and no engine does
        ("=1\n", 1),
        ("B=1\nA", 2),
        ("A=a\0b\n", 1),
        // set before, and to nothing
        ("A=\nB=${A:?must}\n", 2),
    ] {
        assert_read(text, Err(line));
    }
    assert_eq!(read(b"A=1\nB=\xff\n").unwrap_err().line, 2);
}

#[test]
fn each_fault_has_its_words() {
    for (text, words) in [
        ("BAD KEY=1", "line 1: what should be a name holds a space; write NAME=value"),
        ("a!b=1", "line 1: character 2 of what should be a name is none that names have; write NAME=value"),
        ("A='x", "line 1: the quote ' is not closed; close it"),
        ("A=${", "line 1: the value has a $ with which no variable begins; write ${NAME}"),
        ("A", "line 1: there is no name before the value; write NAME=value, and end the last line"),
    ] {
        let told = read(text.as_bytes()).unwrap_err().to_string();
        assert!(told.starts_with(words), "{text:?}: {told}");
    }
}

#[test]
fn variables_that_nobody_sets_are_told_once_and_by_their_line() {
    assert_read("A=1\nB=$X\nC=${X}\n", Ok(&[2]));
    assert_read("A: $X\nB: \"$Y\"\n", Ok(&[1, 2]));
    assert_read("A=\\$X\nB=\"\\\\$Y\"\n", Ok(&[1, 2]));
    assert_read("B=$A\nA=1\n", Ok(&[1]));
    assert_read("A=${X:-d}$X\n", Ok(&[]));
    assert_read("A=\"\\044X\"\n", Ok(&[1]));
    let told = &read(b"A=$X").unwrap()[0].1;
    assert!(
        told.starts_with(
            "a variable is empty where the customer's configuration does not set it; write ${NAME:-default}"
        ),
        "{told}"
    );
}

#[test]
fn the_files_of_a_service_are_read_one_after_the_other() {
    let mut environment = Environment::default();
    environment.read(b"HOST=db\nURL=${SCHEME:?such as https}://$HOST\n").unwrap();
    assert_eq!(environment.read(b"ALL=$URL${HOST:?}${PORT?the port}${PORT:?}${P:-${Q:?q}}\nA='${N:?}'\n").unwrap(), []);
    let required: Vec<_> = environment.required().into_iter().collect();
    assert_eq!(required, [("PORT".to_owned(), Required::Text), ("SCHEME".to_owned(), Required::Text)]);
}

#[test]
fn long_files_are_read_in_one_pass() {
    let many = "A=$X\n".repeat(200_000);
    assert_read(&many, Ok(&[1]));
    assert_read(&"A='\n".repeat(200_001), Err(200_001));
    assert_read(&("export ".repeat(200_000) + "\n"), Err(1));
}
